# Datagrams by Ruby's Socket.udp_server_loop, as the documentation of Socket has it. Not for: streams. Usage: ruby_udp.rb PORT
require 'socket'

Socket.udp_server_loop('127.0.0.1', Integer(ARGV[0])) do |message, source|
  source.reply(message)
end
