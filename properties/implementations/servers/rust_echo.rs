//! A thread for each connection, by Rust's standard library alone.
//! Not for: async runtimes. Usage: rust_echo PORT
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0u8; 65536];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count])?;
    }
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).expect("usage: rust_echo PORT");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    for stream in listener.incoming() {
        match stream {
            Ok(stream) => drop(thread::spawn(move || echo(stream))),
            Err(_) => thread::sleep(Duration::from_millis(50)), // no descriptor left: the queue stays ready
        }
    }
    Ok(())
}
