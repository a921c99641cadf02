# Ruby's Socket.tcp_server_loop and IO.copy_stream in a thread, as the documentation of Socket has it.
# Not for: events. Usage: ruby_echo.rb PORT
require 'socket'

Thread.report_on_exception = false
Socket.tcp_server_loop('127.0.0.1', Integer(ARGV[0])) do |connection, _|
  Thread.new do
    IO.copy_stream(connection, connection)
  ensure
    connection.close
  end
end
