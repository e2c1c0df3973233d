//! A partner's webhook receiver that fails in every way before it does what it should.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// How the first try of an event is met; the second one is taken.
const TRICKS: [Trick; 9] = [
    Trick::Status("500 Internal Server Error"),
    Trick::Hang,
    Trick::Reset,
    Trick::Drip,
    Trick::Redirect,
    Trick::Lie,
    Trick::Status("429 Too Many Requests\r\nretry-after: 1"),
    Trick::Garbage,
    Trick::Huge,
];

#[derive(Clone, Copy)]
enum Trick {
    Status(&'static str),
    /// Says nothing, and lets go after a while.
    Hang,
    Reset,
    /// The answer comes a byte at a time and never whole.
    Drip,
    Redirect,
    /// Promises more than it sends.
    Lie,
    Garbage,
    Huge,
}

/// An event as it was taken, and how often it was tried before.
#[derive(Default)]
pub struct Got {
    pub bodies: BTreeMap<String, String>,
    tries: BTreeMap<String, usize>,
    pub redirected: usize,
}

pub struct Receiver {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Listens on a port, with what an earlier one on it has seen.
    pub fn start(port: u16, got: Arc<Mutex<Got>>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let seen = Arc::clone(&got);
                        std::thread::spawn(move || answer(stream, &seen));
                    }
                    Err(_) => std::thread::park_timeout(Duration::from_millis(5)),
                }
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }

    pub fn stop(mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default().trim()
}

fn answer(mut stream: TcpStream, got: &Mutex<Got>) {
    stream.set_nonblocking(false).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let Some((head, body)) = request(&mut stream) else {
        return;
    };
    let id = header(&head, "webhook-id:").to_owned();
    let trick = {
        let mut got = got.lock().unwrap();
        if head.starts_with("GET") || head.contains("/elsewhere") {
            got.redirected += 1;
        }
        let known = got.tries.len();
        let tries = got.tries.entry(id.clone()).or_default();
        *tries += 1;
        (*tries == 1).then_some(TRICKS[known % TRICKS.len()])
    };
    match trick {
        None => {
            got.lock().unwrap().bodies.insert(id, body);
            let _gone = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        }
        Some(trick) => play(trick, stream),
    }
}

fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length: usize = header(head, "content-length:").parse().unwrap_or(0);
            if body.len() >= length {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

fn play(trick: Trick, mut stream: TcpStream) {
    // The server may hang up first: that is its right.
    let mut write = |bytes: &[u8]| stream.write_all(bytes).is_ok();
    match trick {
        Trick::Status(status) => {
            write(format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\nno").as_bytes());
        }
        Trick::Hang => std::thread::park_timeout(Duration::from_secs(2)),
        Trick::Reset => drop(stream),
        Trick::Drip => {
            for byte in b"HTTP/1.1 2" {
                write(&[*byte]);
                std::thread::park_timeout(Duration::from_millis(100));
            }
        }
        Trick::Redirect => {
            write(b"HTTP/1.1 307 Elsewhere\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n");
        }
        Trick::Lie => {
            write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nless");
        }
        Trick::Garbage => {
            write(b"\x00\xff not HTTP at all\r\n\r\n");
        }
        Trick::Huge => {
            let head = "HTTP/1.1 503 Busy\r\ncontent-length: 100000000\r\n\r\n";
            write(head.as_bytes());
            while write(&[b'x'; 65_536]) {}
        }
    }
}
