//! What the system lets this process have, read from the system; and taking all that it offers.

use crate::client::capacity::Resources;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::path::{Path, PathBuf};

/// Raises the soft limit of open descriptors to the hard one: the usual soft limit is 1,024.
/// Where the system refuses, there are fewer peers.
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => log::debug!("limit of open descriptors raised to {:?}", limit.maximum),
        Err(error) => log::info!("cannot raise the limit of open descriptors: {error}"),
    }
}

impl Resources {
    /// What there is now.
    pub fn read() -> Self {
        let all_threads = number("/proc/sys/kernel/threads-max");
        let all_ids = number("/proc/sys/kernel/pid_max");
        let most = [all_threads, all_ids].into_iter().flatten().min();
        Self {
            descriptors: getrlimit(Resource::Nofile).current,
            maps: number("/proc/sys/vm/max_map_count"),
            threads_system: most.map(|most| most.saturating_sub(threads_now())),
            threads_group: threads_of_group(),
            threads_user: getrlimit(Resource::Nproc).current,
        }
    }
}

/// Threads of the whole system: the second half of the fourth field.
fn threads_now() -> u64 {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let field = load.split_ascii_whitespace().nth(3).unwrap_or_default();
    field.split_once('/').and_then(|(_, all)| all.parse().ok()).unwrap_or(0)
}

/// Threads that the process's control group and those above it leave to us.
fn threads_of_group() -> Option<u64> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let folders = own.lines().filter_map(group_folder);
    folders.flat_map(|(root, path)| left_in(&root, &path)).min()
}

/// Where a line of `/proc/self/cgroup` is to be found: the mount and the group's path, of the one
/// hierarchy (version 2) or of the controller of processes (version 1).
fn group_folder(line: &str) -> Option<(PathBuf, PathBuf)> {
    let (number, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let path = PathBuf::from(path.trim_start_matches('/'));
    if number == "0" && controllers.is_empty() {
        return Some((PathBuf::from("/sys/fs/cgroup"), path));
    }
    let pids = controllers.split(',').any(|controller| controller == "pids");
    pids.then(|| (PathBuf::from("/sys/fs/cgroup/pids"), path))
}

/// What a group and each above it leave.
fn left_in(root: &Path, path: &Path) -> Vec<u64> {
    let groups = path.ancestors().map(|group| root.join(group));
    let left = groups.filter_map(|group| {
        // Without a limit it says "max", which is no number.
        let most = number(group.join("pids.max"))?;
        Some(most.saturating_sub(number(group.join("pids.current")).unwrap_or(0)))
    });
    left.collect()
}

/// The number in a file, if there is one.
fn number(path: impl AsRef<Path>) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        raise_descriptor_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }

    #[test]
    fn both_versions_of_control_groups_are_found() {
        let found = |root: &str, path: &str| Some((PathBuf::from(root), PathBuf::from(path)));
        assert_eq!(group_folder("0::/user.slice/a b"), found("/sys/fs/cgroup", "user.slice/a b"));
        assert_eq!(group_folder("8:pids:/docker/c"), found("/sys/fs/cgroup/pids", "docker/c"));
        assert_eq!(group_folder("4:memory:/x"), None);
        assert_eq!(group_folder("nonsense"), None);
    }

    #[test]
    fn a_group_inherits_the_limits_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        write("pids.max", "300\n");
        write("pids.current", "100\n");
        write("inner/pids.max", "max\n");
        write("inner/pids.current", "9\n");
        assert_eq!(left_in(folder.path(), Path::new("inner")), [200]);
        write("inner/pids.max", "50\n");
        assert_eq!(left_in(folder.path(), Path::new("inner")), [41, 200]);
    }
}
