<?php
// Datagrams by PHP's streams, as the documentation of stream_socket_server has it, with room for the largest.
// Not for: streams. Usage: php php_udp.php PORT
$socket = stream_socket_server("udp://127.0.0.1:$argv[1]", $errno, $error, STREAM_SERVER_BIND) or exit("$error\n");
while (true) {
    $data = stream_socket_recvfrom($socket, 65536, 0, $sender);
    if ($data !== false) {
        stream_socket_sendto($socket, $data, 0, $sender);
    }
}
