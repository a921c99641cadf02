# An echo client: a process for each direction, as perlipc(1) has it. Written for the zoo in the usual way.
use strict;
use warnings;
use IO::Socket::IP;

my ($host, $port) = @ARGV;
my $connection = IO::Socket::IP->new(PeerHost => $host, PeerPort => $port, Type => IO::Socket::IP::SOCK_STREAM())
  or die "cannot connect to $host:$port: $@\n";
my $child = fork() // die "fork: $!\n";
my ($from, $to) = $child ? ($connection, \*STDOUT) : (\*STDIN, $connection);
while (1) {
  my $count = sysread($from, my $data, 65536);
  die "read: $!\n" unless defined $count;
  last if $count == 0;
  for (my $done = 0; $done < $count;) {
    $done += syswrite($to, $data, $count - $done, $done) // die "write: $!\n";
  }
}
if ($child) {
  kill 'TERM', $child;
  waitpid $child, 0;
} else {
  $connection->shutdown(1);
}
