//! Arguments in, exit code out; all else is in the library.

fn main() -> std::process::ExitCode {
    cuerda::cli::run()
}
