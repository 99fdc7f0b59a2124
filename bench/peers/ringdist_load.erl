%% ringdist_load: what takes a load on an Erlang node. The generator loads this
%% module into the node, calls start/1, and removes it at the end. What the
%% messages are is told in bench/load/messages.h.
%%
%% How it is made fast: one process that receives whatever comes first, with its
%% state in arguments, so in registers. The next message of the stream that the
%% last one came from is matched by the receive itself; all else is slow/2. Its
%% messages are kept off its heap, which a garbage collection then does not
%% copy, and payloads are compared with ready-made ones.

-module(ringdist_load).

-export([start/0, start/1, stop/0, echo/1, payloads/1]).

%% Numbers so far ahead are not believed, as in bench/load/messages.cc.
-define(MAX_GAP, (1 bsl 20)).
%% Payloads up to this size are compared whole, since that costs nothing.
-define(MAX_WHOLE, 256).
%% Payloads of so many numbers in a row differ.
-define(NEIGHBOURS, 64).
-define(PERIOD, 65536).
%% A flood looks at its messages after so many of its own.
-define(FLOOD_BATCH, 64).

-record(s, {verify,             % numbers | ends | full
            hold_ns,            % Of each message: a slow consumer.
            stream = none,      % The stream of the last message,
            next = 1,           % and its next number.
            messages = 0,
            bytes = 0,
            lost = 0,
            duplicated = 0,
            reordered = 0,
            corrupted = 0,
            check = none,       % Of payloads of the size of the last one.
            checks = #{}}).     % Of all sizes there were.

%% The numbers of other streams, what they miss and who floods them are in the
%% process dictionary: Stream => Next, {missing, Stream} => ranges of numbers,
%% {flood, Stream} => pid().

start() -> start(#{}).

%% Options: verify => numbers | ends | full, hold_ns => integer().
start(Options) ->
    {Pid, Monitor} =
        spawn_opt(fun() -> init(Options) end,
                  [monitor, {message_queue_data, off_heap},
                   {min_heap_size, 8192}]),
    Pid ! {ready, self()},
    receive
        {ready, Pid} ->
            demonitor(Monitor, [flush]),
            ok;
        {'DOWN', Monitor, process, Pid, Reason} ->
            error(Reason)
    end.

stop() ->
    case whereis(dist_load) of
        undefined ->
            ok;
        Pid ->
            Monitor = monitor(process, Pid),
            exit(Pid, kill),
            receive {'DOWN', Monitor, process, Pid, _} -> ok end
    end.

%% To be called by erpc.
echo(Payload) -> Payload.

%% The payloads of messages 0, 1, .. as a tuple with a power of two of elements,
%% after which they begin anew. Deck: a power of two of sizes, dealt in turns.
payloads(Deck) ->
    Sizes = list_to_tuple(Deck),
    Count = tuple_size(Sizes),
    Pattern = pattern(lists:max(Deck)),
    list_to_tuple(
      [binary:part(Pattern, 8 * (N rem ?NEIGHBOURS),
                   element(N rem Count + 1, Sizes))
       || N <- lists:seq(0, max(Count, ?NEIGHBOURS) - 1)]).

pattern(Bytes) ->
    Block = << <<(Word * 16#9E3779B97F4A7C15):64/little>>
               || Word <- lists:seq(1, ?PERIOD div 8) >>,
    binary:copy(Block, (Bytes + 8 * ?NEIGHBOURS) div ?PERIOD + 1).

init(Options) ->
    register(dist_load, self()),
    receive {ready, Starter} -> Starter ! {ready, self()} end,
    loop(#s{verify = maps:get(verify, Options, ends),
            hold_ns = maps:get(hold_ns, Options, 0)}).

loop(S) ->
    loop(S#s.stream, S#s.next, S#s.messages, S#s.bytes, S#s.check, S).

loop(Stream, Next, Messages, Bytes, Check, S) ->
    receive
        {Stream, Next, Payload} = Message ->
            case matches(Payload, Next, Check) of
                true ->
                    hold(S#s.hold_ns),
                    loop(Stream, Next + 1, Messages + 1,
                         Bytes + byte_size(Payload), Check, S);
                false ->
                    slow(Message, S#s{stream = Stream, next = Next,
                                      messages = Messages, bytes = Bytes})
            end;
        {echo, From, EchoStream, Number, Payload} ->
            From ! {echo, EchoStream, Number, Payload},
            loop(Stream, Next, Messages, Bytes, Check, S);
        Message ->
            slow(Message, S#s{stream = Stream, next = Next,
                              messages = Messages, bytes = Bytes})
    end.

slow({Stream, Number, Payload}, S) when is_integer(Stream) ->
    loop(take(Stream, Number, Payload, S));
slow({ack, From, Stream, Number, Payload}, S) ->
    Taken = take(Stream, Number, Payload, S),
    From ! {ack, Stream, Number},
    loop(Taken);
slow({report, _, Stream, Number} = Report, S) ->
    Selected = expect(Number, select(Stream, S)),
    answer(Report, Selected),
    loop(Selected);
slow({flood, From, Stream, Count, Size}, S) ->
    put({flood, Stream}, spawn(fun() -> flood(From, Stream, Count, Size) end)),
    loop(S);
slow({stall, Nanoseconds}, S) ->
    receive after Nanoseconds div 1_000_000 -> ok end,
    loop(S);
slow(_, S) ->
    loop(S).

%% Makes a stream the one of the last message.
select(Stream, #s{stream = Stream} = S) ->
    S;
select(Stream, #s{stream = Last, next = Next} = S) ->
    put(Last, Next),
    case get(Stream) of
        undefined -> S#s{stream = Stream, next = 1};
        Number -> S#s{stream = Stream, next = Number}
    end.

take(Stream, Number, Payload, S) ->
    hold(S#s.hold_ns),
    Selected = #s{next = Next} = select_check(byte_size(Payload),
                                              select(Stream, S)),
    Matches = matches(Payload, Number, Selected#s.check),
    if
        Number < Next ->
            take_late(Number, Payload, Matches, Selected);
        Number - Next > ?MAX_GAP ->
            count(Payload, false, Selected);
        true ->
            Skipped = skip_to(Number, Selected),
            count(Payload, Matches, Skipped#s{next = Number + 1})
    end.

take_late(Number, Payload, Matches, #s{stream = Stream} = S) ->
    case remove(Number, missing(Stream)) of
        not_found ->
            S#s{duplicated = S#s.duplicated + 1};
        Missing ->
            put({missing, Stream}, Missing),
            count(Payload, Matches, S#s{lost = S#s.lost - 1,
                                        reordered = S#s.reordered + 1})
    end.

count(Payload, Matches, S) ->
    S#s{messages = S#s.messages + 1,
        bytes = S#s.bytes + byte_size(Payload),
        corrupted = S#s.corrupted + case Matches of true -> 0; false -> 1 end}.

%% A report of number 0 begins the stream anew. Another one tells how many
%% messages were sent before it.
expect(0, #s{stream = Stream} = S) ->
    erase({missing, Stream}),
    S#s{next = 1};
expect(Number, #s{next = Next} = S) when Number >= Next ->
    skip_to(Number + 1, S);
expect(_, S) ->
    S.

skip_to(Number, #s{next = Number} = S) ->
    S;
skip_to(Number, #s{stream = Stream, next = Next} = S) ->
    put({missing, Stream}, [{Next, Number - 1} | missing(Stream)]),
    S#s{next = Number, lost = S#s.lost + Number - Next}.

missing(Stream) ->
    case get({missing, Stream}) of
        undefined -> [];
        Ranges -> Ranges
    end.

remove(_, []) ->
    not_found;
remove(Number, [{First, Last} | Rest])
  when First =< Number, Number =< Last ->
    [{From, To} || {From, To} <- [{First, Number - 1}, {Number + 1, Last}],
                   From =< To] ++ Rest;
remove(Number, [Range | Rest]) ->
    case remove(Number, Rest) of
        not_found -> not_found;
        Ranges -> [Range | Ranges]
    end.

%% How payloads are compared: not at all, whole, or by their first and their
%% last eight bytes, in halves as eight of them need not fit a small integer.

select_check(Size, #s{verify = Verify, checks = Checks} = S) ->
    case Checks of
        #{Size := Check} ->
            S#s{check = Check};
        #{} ->
            Check = check(Verify, Size),
            S#s{check = Check, checks = Checks#{Size => Check}}
    end.

check(numbers, _) ->
    any;
check(Verify, Size) when Verify =:= full; Size =< ?MAX_WHOLE ->
    {whole, payloads([Size])};
check(ends, Size) ->
    Pattern = pattern(?PERIOD),
    {ends, Size - 16,
     list_to_tuple([ends(Pattern, 8 * N, Size)
                    || N <- lists:seq(0, ?NEIGHBOURS - 1)])}.

ends(Pattern, Offset, Size) ->
    <<First:32, Second:32>> = binary:part(Pattern, Offset, 8),
    <<Third:32, Fourth:32>> =
        binary:part(Pattern, (Offset + Size - 8) rem ?PERIOD, 8),
    {First, Second, Third, Fourth}.

matches(_, _, none) ->
    false;
matches(_, _, any) ->
    true;
matches(Payload, Number, {whole, Payloads}) ->
    element(Number band (?NEIGHBOURS - 1) + 1, Payloads) =:= Payload;
matches(Payload, Number, {ends, Between, Ends}) ->
    case Payload of
        <<First:32, Second:32, _:Between/binary, Third:32, Fourth:32>> ->
            element(Number band (?NEIGHBOURS - 1) + 1, Ends) =:=
                {First, Second, Third, Fourth};
        _ ->
            false
    end.

%% A timer is too coarse for less than some milliseconds.
hold(0) ->
    ok;
hold(Nanoseconds) when Nanoseconds >= 5_000_000 ->
    receive after Nanoseconds div 1_000_000 -> ok end;
hold(Nanoseconds) ->
    spin(erlang:monotonic_time(nanosecond) + Nanoseconds).

spin(Until) ->
    case erlang:monotonic_time(nanosecond) < Until of
        true -> spin(Until);
        false -> ok
    end.

%% Where messages are sent on the same stream the answer comes behind them.
answer({report, From, Stream, Number}, S) ->
    Answer = {report, Stream, Number, report(S)},
    Flood = get({flood, Stream}),
    case is_pid(Flood) andalso is_process_alive(Flood) of
        true -> Flood ! {send, Answer};
        false -> From ! Answer
    end.

report(S) ->
    {Runtime, _} = statistics(runtime),
    #{time_ns => os:perf_counter(nanosecond),  % Not negative, as others are.
      messages => S#s.messages,
      bytes => S#s.bytes,
      lost => S#s.lost,
      duplicated => S#s.duplicated,
      reordered => S#s.reordered,
      corrupted => S#s.corrupted,
      cpu_ns => Runtime * 1_000_000,
      memory_bytes => resident_bytes()}.

resident_bytes() ->
    {ok, Status} = file:read_file("/proc/self/status"),
    {match, [KiB]} = re:run(Status, "VmRSS:\\s*([0-9]+) kB",
                            [{capture, all_but_first, binary}]),
    binary_to_integer(KiB) * 1024.

%% Sends until there were `Count` messages, and between them and afterwards what
%% it is told to send, until the connection ends.
flood(From, Stream, Count, Size) ->
    monitor(process, From),
    Last = case Count of 0 -> infinity; _ -> Count end,
    flood_on(From, Stream, 1, Last, payloads([Size])).

flood_on(From, Stream, Number, Last, Payloads) ->
    Next = send(From, Stream, Number,
                min(Last, Number + ?FLOOD_BATCH - 1), Payloads),
    Wait = case Next > Last of true -> infinity; false -> 0 end,
    receive
        {send, Answer} ->
            From ! Answer,
            flood_on(From, Stream, Next, Last, Payloads);
        {'DOWN', _, process, _, _} ->
            ok
    after Wait ->
        flood_on(From, Stream, Next, Last, Payloads)
    end.

send(_, _, Number, Last, _) when Number > Last ->
    Number;
send(From, Stream, Number, Last, Payloads) ->
    From ! {Stream, Number,
            element(Number band (?NEIGHBOURS - 1) + 1, Payloads)},
    send(From, Stream, Number + 1, Last, Payloads).
