//! A thread for each connection and std::io::copy, as much of Rust's example code has it.
//! Not for: read and write by hand, which is rust_echo.rs. Usage: rust_copy_echo PORT
use std::net::TcpListener;
use std::{io, thread};

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).expect("usage: rust_copy_echo PORT");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || io::copy(&mut &stream, &mut &stream));
    }
    Ok(())
}
