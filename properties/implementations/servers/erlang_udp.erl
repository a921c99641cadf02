%% Datagrams by Erlang's gen_udp, passive, its defaults. Not for: streams.
%% Usage: erl -noinput -pa DIR -s erlang_udp start PORT
-module(erlang_udp).
-export([start/1]).

start([Port]) ->
    {ok, Socket} = gen_udp:open(list_to_integer(atom_to_list(Port)),
        [binary, {active, false}, {ip, {127, 0, 0, 1}}]),
    echo(Socket).

echo(Socket) ->
    case gen_udp:recv(Socket, 0) of
        {ok, {Address, Port, Data}} -> gen_udp:send(Socket, Address, Port, Data);
        {error, _} -> ignored
    end,
    echo(Socket).
