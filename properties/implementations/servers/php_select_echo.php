<?php
// PHP's stream_socket_server and stream_select: non-blocking, and a peer is not read while something waits for it.
// Not for: extensions. Usage: php php_select_echo.php PORT
$server = stream_socket_server("tcp://127.0.0.1:$argv[1]", $errno, $error, STREAM_SERVER_BIND | STREAM_SERVER_LISTEN,
    stream_context_create(['socket' => ['backlog' => 128]])) or exit("$error\n");
stream_set_blocking($server, false);
$peers = [];
$pending = [];
while (true) {
    $readable = array_merge([$server], array_diff_key($peers, $pending));
    $writable = array_intersect_key($peers, $pending);
    $except = null;
    if (!stream_select($readable, $writable, $except, null)) {
        continue;
    }
    foreach ($writable as $peer) {
        $id = (int)$peer;
        $count = @fwrite($peer, $pending[$id]);
        if ($count === false) {
            fclose($peer);
            unset($peers[$id], $pending[$id]);
            continue;
        }
        $pending[$id] = substr($pending[$id], $count);
        if ($pending[$id] === '') {
            unset($pending[$id]);
        }
    }
    foreach ($readable as $peer) {
        if ($peer === $server) {
            if ($peer = @stream_socket_accept($server, 0)) {
                stream_set_blocking($peer, false);
                $peers[(int)$peer] = $peer;
            } else {
                usleep(50000); // no descriptor left, say: the queue stays ready
            }
            continue;
        }
        $id = (int)$peer;
        $data = @fread($peer, 8192);
        if (is_string($data) && $data !== '') {
            $pending[$id] = $data;
        } elseif (feof($peer)) {
            fclose($peer);
            unset($peers[$id]);
        }
    }
}
