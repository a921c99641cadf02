%% Erlang's gen_tcp, passive: a process for each connection.
%% Not for: OTP behaviours. Usage: erl -noinput -pa DIR -s erlang_echo start PORT
-module(erlang_echo).
-export([start/1]).

start([Port]) ->
    {ok, Listener} = gen_tcp:listen(list_to_integer(atom_to_list(Port)),
        [binary, {active, false}, {reuseaddr, true}, {backlog, 128}, {ip, {127, 0, 0, 1}}]),
    accept(Listener).

accept(Listener) ->
    case gen_tcp:accept(Listener) of
        {ok, Socket} ->
            Echo = spawn(fun() -> receive go -> echo(Socket) end end),
            ok = gen_tcp:controlling_process(Socket, Echo),
            Echo ! go;
        {error, _} ->
            receive after 50 -> ok end  % not timer:sleep(): it may not be loaded yet, and to load it takes a descriptor
    end,
    accept(Listener).

echo(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, Data} ->
            case gen_tcp:send(Socket, Data) of
                ok -> echo(Socket);
                {error, _} -> gen_tcp:close(Socket)
            end;
        {error, _} ->
            gen_tcp:close(Socket)
    end.
