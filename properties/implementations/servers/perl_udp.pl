# Datagrams by Perl's IO::Socket. Not for: streams. Usage: perl_udp.pl PORT
use strict;
use warnings;
use IO::Socket;

my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], Proto => 'udp')
    or die "cannot bind: $!";
while (1) {
    my $sender = $server->recv(my $data, 65536);
    $server->send($data, 0, $sender) if defined $sender;
}
