//! Blanks comments and literals of Rust text, so that what is left is code; lengths and lines stay.
//!
//! Knows raw strings, nested comments, and a lifetime from a character; nothing else of Rust.

/// Blanks comments and literals, keeping length and line breaks.
pub(crate) fn mask(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = opaque_end(bytes, at);
        code[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = end.max(at + 1);
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// The plain string literals of a text: where each begins, and what is written between its quotes.
pub(crate) fn literals(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let end = opaque_end(bytes, at);
        if bytes[at] == b'"' && at + 1 < end {
            found.push((at, &text[at + 1..end - 1]));
        }
        at = end.max(at + 1);
    }
    found
}

/// End of the comment or literal that begins here; `at` itself when none does.
fn opaque_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let fresh = at == 0 || !is_word(char::from(bytes[at - 1]));
    let length = match rest {
        [b'/', b'/', ..] => rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => quoted(rest, b'"'),
        [b'\'', b'\\', ..] => quoted(rest, b'\''),
        [b'\'', first, ..] => {
            let width = 1 + (first.leading_ones() as usize).max(1);
            if rest.get(width) == Some(&b'\'') { width + 1 } else { 0 }
        }
        [b'r', ..] if fresh => raw_string(rest, 1),
        [b'b' | b'c', b'r', ..] if fresh => raw_string(rest, 2),
        _ => 0,
    };
    at + length
}

/// Length of a block comment, nested ones counted.
fn block_comment(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (2, 1);
    while at < rest.len() && depth > 0 {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

/// Length of a literal between quotes.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// Length of a raw string whose prefix has the given length; 0 when it is none.
fn raw_string(rest: &[u8], prefix: usize) -> usize {
    let hashes = rest[prefix..].iter().take_while(|&&byte| byte == b'#').count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&b'"') {
        return 0;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = rest[open + 1..].windows(close.len()).position(|window| window == close);
    body.map_or(rest.len(), |found| open + 1 + found + close.len())
}

/// Whether the character may be part of a word of the language.
pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_found_between_their_quotes() {
        let text = "f(\"a\\\"é\", '\"') // \"no\"\n\"\"";
        assert_eq!(literals(text), [(2, "a\\\"é"), (24, "")]);
    }

    #[test]
    fn comments_and_literals_are_blanked_and_nothing_else() {
        let cases = [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            ("f(\"x\\\"y\", z)", "f(      , z)"),
            ("f(r#\"a\"b\"#)", "f(        )"),
            ("'a' '\\'' &'a str", "         &'a str"),
            ("b'\\n' 'é' x", "b          x"),
            ("r#type", "r#type"),
        ];
        for (text, code) in cases {
            assert_eq!(mask(text), code, "{text}");
        }
    }
}
