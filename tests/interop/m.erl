%% What called_functions_test has our node export, too, and calls_test calls.

-module(m).
-export([add/2, throws/1, exits/1, errors/1, echo/1, sleeps/1, tells/2, waits/0,
         prints/0, prints_unicode/0, asks/0, server/1, format_error/2]).

add(A, B) -> A + B.
throws(Reason) -> throw(Reason).
exits(Reason) -> exit(Reason).
errors(Reason) -> error(Reason).
echo(Term) -> Term.
sleeps(Milliseconds) -> timer:sleep(Milliseconds), slept.
tells(Pid, What) -> Pid ! What, told.
waits() -> receive never -> ok end.

prints() ->
    io:format("~p and ~s~n", [{hello, 1}, [228, $x]]),
    io:put_chars([$a, <<"b">>, 246, $\n]),
    io:format("plain~n"),
    printed.

prints_unicode() ->
    io:format("~p and ~ts~n", [{hello, 1}, [955, $x]]),
    io:put_chars([$a, <<"b">>, 8364, $\n]),
    printed.

%% What our node says is wrong with an argument, for erl_error.
format_error(badarg, [{_, _, _, Info} | _]) ->
    {error_info, #{cause := Cause}} = lists:keyfind(error_info, 1, Info),
    #{general => Cause}.

%% What a group leader that is none of Erlang's does not know.
asks() ->
    {io:get_line("prompt"), io:getopts(), io:columns()}.

%% A server under a name, for gen_server:call: {echo, Term}, {late, Ms}, stop,
%% and silent, which is not answered.
server(Name) ->
    Self = self(),
    Pid = spawn(fun() -> register(Name, self()), Self ! {self(), up}, serve() end),
    receive {Pid, up} -> Pid end.

serve() ->
    receive
        {'$gen_call', From, {echo, Term}} -> gen_server:reply(From, Term), serve();
        {'$gen_call', From, {late, Milliseconds}} ->
            timer:sleep(Milliseconds), gen_server:reply(From, late), serve();
        {'$gen_call', _, silent} -> serve();
        {'$gen_call', _, stop} -> exit(stopped)
    end.
