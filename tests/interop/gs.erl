%% A gen_server, of which called_servers_test has another one in C++.

-module(gs).
-behaviour(gen_server).
-export([start/1, init/1, handle_call/3, handle_cast/2, handle_info/2]).

start(Name) -> gen_server:start({local, Name}, ?MODULE, [], []).

init([]) -> {ok, []}.

handle_call({echo, Term}, _, Kept) -> {reply, Term, Kept};
handle_call(self, _, Kept) -> {reply, self(), Kept};
handle_call(keep, From, Kept) -> {noreply, [From | Kept]};
handle_call(release, _, Kept) ->
    [gen_server:reply(From, late) || From <- Kept],
    {reply, length(Kept), []};
handle_call({elsewhere, Term}, From, Kept) ->
    spawn(fun() -> gen_server:reply(From, Term) end),
    {noreply, Kept};
handle_call({stop, Reason}, _, Kept) -> {stop, Reason, stopped, Kept};
handle_call({crash, Reason}, _, _) -> exit(Reason).

handle_cast({tell, Pid, Term}, Kept) -> Pid ! {cast, Term}, {noreply, Kept}.

handle_info({tell, Pid, Term}, Kept) -> Pid ! {info, Term}, {noreply, Kept}.
