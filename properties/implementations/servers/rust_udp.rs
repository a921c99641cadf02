//! Datagrams by Rust's standard library. Not for: streams. Usage: rust_udp PORT
use std::net::UdpSocket;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).expect("usage: rust_udp PORT");
    let socket = UdpSocket::bind(format!("127.0.0.1:{port}"))?;
    let mut buffer = [0u8; 65536];
    loop {
        if let Ok((count, sender)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..count], sender);
        }
    }
}
