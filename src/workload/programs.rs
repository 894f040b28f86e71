//! Which programs an image has, as far as that is known: a first process that is not there never runs.

/// Words that stand for a program that no image has, as some do for images. Ours: FID-061.
const MISSING: &[&str] = &["nosuch", "doesnotexist", "missing", "broken", "nope", "invalid"];

/// Applets of the busybox that `busybox`, `alpine` and the demonstration image are made of.
/// Source: busybox.net, the applets of the default configuration.
const APPLETS: &str = "sh ash bash busybox app [ [[ arch arp arping awk base64 basename bc brctl bunzip2 bzcat bzip2 cal cat \
    chgrp chmod chown chroot cksum clear cmp comm cp cpio crond crontab cut date dc dd df diff dirname dmesg \
    dnsdomainname du echo egrep env expand expr factor false fgrep find flock fold free fsync ftpd ftpget ftpput \
    fuser getent getopt grep groups gunzip gzip halt head hexdump hostid hostname httpd hwclock id ifconfig \
    inetd init inotifyd install ionice iostat ip ipcalc ipcs kill killall less link ln logger login logname ls \
    lsof lsusb md5sum mesg microcom mkdir mkfifo mknod mktemp more mount mountpoint mpstat mv nc netcat netstat \
    nice nl nmeter nohup nproc nslookup ntpd od openssl paste patch pgrep pidof ping ping6 pkill pmap printenv \
    printf ps pstree pwd readlink realpath renice reset rev rm rmdir route run-parts sed seq setsid sha1sum \
    sha256sum sha512sum shuf sleep sort split start-stop-daemon stat strings stty su sum sync sysctl syslogd tac \
    tail tar tee telnet telnetd test tftp time timeout top touch tr traceroute true truncate tty udhcpc umount \
    uname uniq unix2dos unlink unzip uptime usleep uudecode uuencode vi watch wc wget which who whoami xargs xxd \
    yes zcat apk";

/// Why the first process cannot run: there is no such program, in the words of the runtime; `None` when it may be there.
/// `image` is the name of the image, `own` whether it is the demonstration image.
/// Source: opencontainers/runc libcontainer/standard_init_linux.go, os/exec LookPath.
pub fn missing(image: &str, own: bool, program: &str) -> Option<String> {
    let base = program.rsplit('/').next().unwrap_or(program);
    let name = image.rsplit('/').next().unwrap_or(image).split([':', '@']).next().unwrap_or_default();
    let known = own || matches!(name, "busybox" | "alpine");
    let lacks = MISSING.contains(&base) || (known && !APPLETS.split_whitespace().any(|applet| applet == base));
    // Nobody knows what lies in the working directory.
    let unknown = program.contains('/') && !program.starts_with('/');
    if !lacks || unknown {
        return None;
    }
    Some(match program.contains('/') {
        true => format!("exec: \"{program}\": stat {program}: no such file or directory"),
        false => format!("exec: \"{program}\": executable file not found in $PATH"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_its_own_programs_and_no_others() {
        let lacks = |image: &str, program: &str| missing(image, false, program).is_some();
        assert!(!lacks("busybox", "sleep") && !lacks("docker.io/library/alpine:3.20", "/bin/sh"));
        assert!(lacks("busybox:1.36", "python3") && !lacks("python:3.12", "python3"));
        assert!(lacks("nginx", "nosuch") && !lacks("alpine", "./start.sh"));
        let words = missing("x", true, "/nosuch").unwrap_or_default();
        assert_eq!(words, "exec: \"/nosuch\": stat /nosuch: no such file or directory");
    }
}
