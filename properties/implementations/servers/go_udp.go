// Datagrams by Go's package net. Not for: streams. Usage: go_udp PORT
package main

import (
	"log"
	"net"
	"os"
)

func main() {
	socket, err := net.ListenPacket("udp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	buffer := make([]byte, 65536)
	for {
		count, sender, err := socket.ReadFrom(buffer)
		if err == nil {
			socket.WriteTo(buffer[:count], sender)
		}
	}
}
