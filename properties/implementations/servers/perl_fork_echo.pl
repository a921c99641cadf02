# A child for each connection, in the way of perlipc: IO::Socket, fork, sysread and syswrite.
# Not for: select loops. Usage: perl_fork_echo.pl PORT
use strict;
use warnings;
use IO::Socket;

$SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], Listen => SOMAXCONN, ReuseAddr => 1)
    or die "cannot listen: $!";

while (1) {
    my $peer = $server->accept;
    if (!$peer) {
        select undef, undef, undef, 0.05;    # no descriptor left, or the peer went away
        next;
    }
    my $child = fork;
    if (defined $child && $child == 0) {
        close $server;
        while (sysread $peer, my $data, 65536) {
            my $done = 0;
            while ($done < length $data) {
                $done += syswrite($peer, $data, length($data) - $done, $done) || exit 0;
            }
        }
        exit 0;
    }
    close $peer;
}
