//! Lines typed at a desk, and what they answer.

use super::*;

/// A desk with one file of services.
fn desk(file: &str) -> (Host, Table) {
    let (mut host, mut table) = (Host::new(1), Table::new("/srv/shop"));
    let image = crate::compose::engine::Image {
        entrypoint: vec!["/app".into()],
        command: vec!["serve".into()],
        exposed: vec!["80/tcp".into()],
        ..Default::default()
    };
    host.engine.images.put("myapp:1", image);
    table.files.insert("compose.yaml".into(), file.into());
    (host, table)
}

fn type_line((host, table): &mut (Host, Table), line: &str) -> (i32, Vec<String>) {
    let mut desk = table.at(host);
    let id = desk.type_line(line);
    let end = desk.host.now() + Span::secs(60);
    let mut out = Vec::new();
    loop {
        let (lines, code) = desk.table.take(id);
        out.extend(lines.iter().map(|l| l.text.to_string()));
        if let Some(code) = code {
            return (code, out);
        }
        let due = desk.next_due().unwrap_or(end).min(end).max(desk.host.now());
        assert!(desk.host.now() < end, "{line} does not end");
        desk.run_until(due);
    }
}

const SHOP: &str = "services:\n  web: {image: \"myapp:1\", ports: [\"8080:80\"]}\n";

#[test]
fn up_looks_like_the_real_one_and_is_seen_by_ps() {
    let mut desk = desk(SHOP);
    let (code, lines) = type_line(&mut desk, "docker compose up -d");
    assert_eq!(code, 0);
    assert_eq!(
        lines,
        [
            " Network shop_default Creating ",
            " Network shop_default Creating ",
            " Network shop_default Created ",
            " Network shop_default Created ",
            " Container shop-web-1 Creating ",
            " Container shop-web-1 Created ",
            " Container shop-web-1 Starting ",
            " Container shop-web-1 Started ",
        ]
    );
    let (_, lines) = type_line(&mut desk, "docker compose ps");
    assert!(lines[1].starts_with("shop-web-1   myapp:1   \"/app serve\"   web"), "{lines:?}");
    assert!(lines[1].ends_with("0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"));
    assert_eq!(type_line(&mut desk, "docker compose up -d").1, [" Container shop-web-1 Running "]);
}

#[test]
fn lines_are_a_shells() {
    let mut desk = desk(SHOP);
    type_line(&mut desk, "docker compose up -d");
    let inspect = "docker inspect -f '{{.Name}} {{.State.Status}}' $(docker compose ps -aq) | sort";
    assert_eq!(type_line(&mut desk, inspect), (0, vec!["/shop-web-1 running".to_string()]));
    assert_eq!(type_line(&mut desk, "docker compose exec -T web sh -c \"exit 7\"").0, 7);
    assert_eq!(type_line(&mut desk, "docker ps -q | wc -l").1, ["1"]);
    assert_eq!(type_line(&mut desk, "docker compose nonsense").0, 1);
    let (code, lines) = type_line(&mut desk, "docker compose stop nosuch");
    assert_eq!((code, lines), (1, vec!["no such service: nosuch".to_string()]));
}

#[test]
fn down_leaves_nothing_and_an_empty_folder_is_told() {
    let mut desk = desk(SHOP);
    type_line(&mut desk, "docker compose up -d");
    let (code, lines) = type_line(&mut desk, "docker compose down");
    assert_eq!((code, lines.last().map(String::as_str)), (0, Some(" Network shop_default Removed ")));
    assert!(desk.0.engine.containers.is_empty());
    desk.1.files.clear();
    let answer = type_line(&mut desk, "docker compose up -d");
    assert_eq!(answer, (1, vec!["no configuration file provided: not found".to_string()]));
}

#[test]
fn attached_up_ends_with_its_containers() {
    let mut desk = desk("services:\n  job: {image: \"myapp:1\", command: [sleepexit, \"1\", \"3\"]}\n");
    let (code, lines) = type_line(&mut desk, "docker compose up --abort-on-container-exit");
    assert_eq!(code, 3);
    assert!(lines.contains(&"Attaching to job-1".to_string()));
    assert!(lines.contains(&"job-1  | exiting with 3".to_string()));
    assert!(lines.iter().any(|l| l.contains("job-1 exited with code 3")));
}
