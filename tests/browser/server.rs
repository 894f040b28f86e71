//! A static host for `dist/`, as plain as hosts come: files under a prefix, nothing else.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// Serves `root` under `prefix` on a free loopback port for as long as the tests run; answers the address. `shared` sends
/// the header that lets sandboxed frames load from here.
pub fn serve(root: impl Into<PathBuf>, prefix: &'static str, shared: bool) -> String {
    let root = root.into();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let root = root.clone();
            std::thread::spawn(move || answer(stream, &root, prefix, shared));
        }
    });
    format!("http://127.0.0.1:{port}{prefix}")
}

fn answer(mut stream: TcpStream, root: &Path, prefix: &str, shared: bool) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut request = String::new();
    reader.read_line(&mut request).ok()?;
    let mut header = String::new();
    while reader.read_line(&mut header).is_ok_and(|read| read > 2) {
        header.clear();
    }
    let path = request.split(' ').nth(1)?.split(['?', '#']).next()?;
    let name = path.strip_prefix(prefix).filter(|name| !name.contains(".."));
    let name = name.map(|name| if name.is_empty() { "index.html" } else { name });
    let body = name.and_then(|name| std::fs::read(root.join(name)).ok());
    let kind = match name.and_then(|name| name.rsplit('.').next()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let (status, body) = body.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    let share = if shared { "Access-Control-Allow-Origin: *\r\n" } else { "" };
    let size = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{share}Content-Length: {size}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).ok()
}
