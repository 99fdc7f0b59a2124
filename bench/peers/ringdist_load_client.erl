%% ringdist_load_client: generates a closed load from an Erlang node. The
%% messages are those of bench/load/messages.h; the target has ringdist_load,
%% or something that answers alike.
%%
%%   Run = ringdist_load_client:run(#{workload => stream, ...}),
%%   ringdist_load_client:next(Run, 200).  % {interval, #{...}}, none, or
%%                                         % {done, #{...}}, {failed, Text}
%%
%% Two nodes have one connection, so what other generators do with several
%% connections several processes do here, each with its own stream of numbers.
%%
%% A run has one process that counts (the runner, of high priority so that it
%% runs when it is due) and those that send. A sender does nothing per message
%% but to send: it has no mailbox to look at, its payloads are ready-made, it
%% reads the clock once in a batch. It uses plain `!`, which suspends it while
%% the connection is busy: what Erlang programs do, and what lets the scheduler
%% run the others meanwhile; with nosuspend it would have to spin or to wait.

-module(ringdist_load_client).

-export([run/1, next/2, interrupt/1, call/4]).

%% The runner gives up when it has heard nothing for so long.
-define(PATIENCE_MS, 30000).
%% A sender reads the clock after so many bytes or messages.
-define(BATCH_BYTES, 65536).
-define(BATCH, 64).
%% To connect, one after the other.
-define(MAX_ATTEMPTS, 100).

%% What the processes of a run share.
-record(run, {runner, target, to, payloads, window, call,
              begin_ns, end_ns, interval_ns,
              stop,               % atomics: 1 once it was interrupted.
              even, odd}).        % counters: of even and of odd intervals.

%% What those counters count, apart from latencies.
-define(BYTES, 1).
-define(CORRUPTED, 2).
-define(REORDERED, 3).
-define(REFUSED, 4).
-define(REFUSED_NS, 5).
-define(OTHERS, 5).
%% Latencies as in bench/load/histogram.h: exact below 2048, then 1024 buckets
%% for each power of two, up to 2^36 nanoseconds.
-define(EXACT, 2048).
-define(HALF, 1024).
-define(BUCKETS, (?EXACT + 25 * ?HALF)).

%% What the runner knows.
-record(counted, {owner,
                  by,                 % reports | trips: what makes messages.
                  workers,            % How many still run.
                  missing = 0,        % Reports to come.
                  opened,             % What the target told at first,
                  base,               % when the measured time began,
                  last,               % at last by stream 0,
                  latest,             % and by any of them.
                  cpu_ms,             % Of this node, when it began.
                  interval = 0,       % The one that trips are counted in.
                  messages = 0,       % Trips until then.
                  bytes = 0,
                  histogram = #{}}).  % Bucket => Count.

%% Spec: #{workload => stream | fanin | echo | call | connect | mixed,
%%         target => node(), sizes => [integer()], large_bytes => integer(),
%%         senders => integer(), window => integer(),
%%         warmup_ns, duration_ns, interval_ns => integer()}
run(Spec) ->
    Owner = self(),
    Stop = atomics:new(1, []),
    {Runner, Monitor} =
        spawn_opt(fun() -> init(Owner, Stop, Spec) end,
                  [monitor, {priority, high}]),
    {Runner, Monitor, Stop}.

%% To be called by the process that called run.
next({Runner, Monitor, _}, Timeout) ->
    receive
        {Runner, Event} ->
            Event;
        {'DOWN', Monitor, process, Runner, Reason} ->
            {failed, unicode:characters_to_binary(
                       io_lib:format("~0tp", [Reason]))}
    after Timeout ->
        none
    end.

interrupt({_, _, Stop}) ->
    atomics:put(Stop, 1, 1).

%% Calls a function of another node, as erpc:call/4. A node without spawn
%% requests, such as one of ei, is called by its rex.
call(Target, Module, Function, Arguments) ->
    try
        erpc:call(Target, Module, Function, Arguments)
    catch
        error:{erpc, notsup} -> call_rex(Target, Module, Function, Arguments)
    end.

call_rex(Target, Module, Function, Arguments) ->
    {rex, Target} ! {self(), {call, Module, Function, Arguments,
                              group_leader()}},
    receive {rex, Result} -> Result end.

init(Owner, Stop, #{target := Target, workload := Workload} = Spec) ->
    process_flag(trap_exit, true),
    net_kernel:connect_node(Target) orelse exit({no_connection_to, Target}),
    Workload =:= connect orelse monitor_node(Target, true),
    Run = make_run(Stop, Spec),
    Kinds = workers(Spec),
    Workers = [spawn_opt(fun() -> worker(Kind, Stream, Run) end,
                         [link, {min_heap_size, 8192}])
               || {Kind, Stream} <- Kinds],
    [Opened | _] =
        [receive
             {report, Stream, 0, Report} -> Report;
             {'EXIT', _, Reason} -> exit(Reason)
         after ?PATIENCE_MS ->
             exit({no_answer_from, Target})
         end || {_, Stream} <- Kinds],
    measure(Run, Workers, Spec,
            #counted{owner = Owner, by = counted_by(kind(Spec)),
                     workers = length(Workers), opened = Opened,
                     cpu_ms = cpu_ms()}).

make_run(Stop, #{target := Target, sizes := Sizes, window := Window,
                 workload := Workload} = Spec) ->
    #run{runner = self(), target = Target, to = {dist_load, Target},
         payloads = ringdist_load:payloads(Sizes),
         window = Window,
         call = case Workload of call -> how_to_call(Target); _ -> none end,
         interval_ns = maps:get(interval_ns, Spec),
         stop = Stop,
         even = counters:new(?OTHERS + ?BUCKETS, []),
         odd = counters:new(?OTHERS + ?BUCKETS, [])}.

how_to_call(Target) ->
    try erpc:call(Target, ringdist_load, echo, [<<>>]) of
        <<>> -> erpc
    catch
        error:{erpc, notsup} -> rex
    end.

workers(#{workload := mixed, large_bytes := Large, senders := Senders}) ->
    [{{stream, Large}, 0} | [{echo, N} || N <- lists:seq(1, Senders)]];
workers(#{senders := Senders} = Spec) ->
    [{kind(Spec), N} || N <- lists:seq(0, Senders - 1)].

%% A stream with a window has its messages acknowledged: round trips as well.
kind(#{workload := fanin} = Spec) -> kind(Spec#{workload := stream});
kind(#{workload := stream, window := Window}) when Window > 0 -> ack;
kind(#{workload := Workload}) -> Workload.

counted_by(stream) -> reports;
counted_by(_) -> trips.

%% The processes that make the load.

worker(Kind, Stream, Run) ->
    open(Kind, Stream, Run),
    receive {go, Begin, End} -> ok end,
    work(Kind, Stream, Run#run{begin_ns = Begin, end_ns = End}).

%% All answers on a stream go to who opens it. Of what is only sent those are
%% reports, for the runner.
open(Kind, Stream, #run{runner = Runner})
  when Kind =:= connect; Kind =:= call ->
    Runner ! {report, Stream, 0, none};
open(Kind, Stream, Run) when Kind =:= echo; Kind =:= ack ->
    pass_report(Stream, 0, Run);
open(_, Stream, #run{runner = Runner, to = To}) ->
    To ! {report, Runner, Stream, 0}.

pass_report(Stream, Number, #run{runner = Runner, to = To}) ->
    To ! {report, self(), Stream, Number},
    receive {report, Stream, Number, _} = Report -> Runner ! Report end.

work({stream, Large}, Stream, Run) ->
    stream(Stream, Run#run{payloads = ringdist_load:payloads([Large])});
work(stream, Stream, Run) ->
    stream(Stream, Run);
work(Kind, Stream, #run{window = Window} = Run)
  when Kind =:= echo; Kind =:= ack ->
    Width = max(Window, 1),
    Sent = atomics:new(Width, []),
    [ask(Kind, Stream, N, Sent, Width, Run) || N <- lists:seq(1, Width)],
    answers(Kind, Stream, 1, Sent, Width, Run);
work(call, _, #run{call = Call} = Run) ->
    calls(Call, 1, now_ns(), Run);
work(connect, _, #run{target = Target} = Run) ->
    net_kernel:monitor_nodes(true, [{node_type, all}]),
    disconnect(Target),
    connect(Run).

%% Sends in batches. Stream 0 asks for a report when an interval ends; each
%% stream does at its end.
stream(Stream, #run{payloads = Payloads, begin_ns = Begin} = Run) ->
    Largest = lists:max([byte_size(P) || P <- tuple_to_list(Payloads)]),
    Batch = max(1, min(?BATCH, ?BATCH_BYTES div max(1, Largest))),
    Report = case Stream of 0 -> Begin; _ -> infinity end,
    stream(Stream, 0, Report, 0, Batch, Run).

stream(Stream, Sent, Report, Reports, Batch,
       #run{runner = Runner, to = To, payloads = Payloads} = Run) ->
    Last = Sent + Batch,
    send(To, Stream, Sent + 1, Last, tuple_size(Payloads) - 1, Payloads),
    Now = now_ns(),
    case is_over(Now, Run) of
        true ->
            To ! {report, Runner, Stream, Last},
            Runner ! {finished, Reports + 1};
        false when Now >= Report ->
            To ! {report, Runner, Stream, Last},
            stream(Stream, Last, Report + Run#run.interval_ns, Reports + 1,
                   Batch, Run);
        false ->
            stream(Stream, Last, Report, Reports, Batch, Run)
    end.

send(_, _, Number, Last, _, _) when Number > Last ->
    ok;
send(To, Stream, Number, Last, Mask, Payloads) ->
    To ! {Stream, Number, element(Number band Mask + 1, Payloads)},
    send(To, Stream, Number + 1, Last, Mask, Payloads).

%% Round trips, `Width` of them at a time. Sent: when each was sent.

ask(Kind, Stream, Number, Sent, Width, #run{to = To} = Run) ->
    atomics:put(Sent, Number rem Width + 1, now_ns()),
    To ! {Kind, self(), Stream, Number, payload(Number, Run)}.

answers(Kind, Stream, Number, Sent, Width, Run) ->
    Payload = payload(Number, Run),
    Answered = receive
                   {echo, Stream, N, Echoed} ->
                       check(Echoed =:= Payload, ?CORRUPTED, Run),
                       N;
                   {ack, Stream, N} ->
                       N
               end,
    Now = now_ns(),
    check(Answered =:= Number, ?REORDERED, Run),
    Then = atomics:get(Sent, Number rem Width + 1),
    record(Now, Now - Then, byte_size(Payload), Run),
    case is_over(Now, Run) of
        true ->
            finish(Kind, Stream, Number + Width - 1, Run);
        false ->
            ask(Kind, Stream, Number + Width, Sent, Width, Run),
            answers(Kind, Stream, Number + 1, Sent, Width, Run)
    end.

%% What was acknowledged the target has counted: whether it missed any.
finish(ack, Stream, Sent, Run) ->
    pass_report(Stream, Sent, Run),
    Run#run.runner ! {finished, 1};
finish(echo, _, _, Run) ->
    finish(Run).

calls(Call, Number, Then, #run{target = Target} = Run) ->
    Payload = payload(Number, Run),
    Result = case Call of
                 erpc -> erpc:call(Target, ringdist_load, echo, [Payload]);
                 rex -> call_rex(Target, ringdist_load, echo, [Payload])
             end,
    Now = now_ns(),
    check(Result =:= Payload, ?CORRUPTED, Run),
    record(Now, Now - Then, byte_size(Payload), Run),
    case is_over(Now, Run) of
        true -> finish(Run);
        false -> calls(Call, Number + 1, Now, Run)
    end.

connect(#run{target = Target} = Run) ->
    Then = connect(?MAX_ATTEMPTS, Run),
    Now = now_ns(),
    record(Now, Now - Then, 0, Run),
    disconnect(Target),
    case is_over(Now, Run) of
        true -> finish(Run);
        false -> connect(Run)
    end.

%% About one in some thousand runs into the set-up timeout of OTP: when the
%% target notices the end of the last connection while it accepts this one. That
%% time is not measured; README.md tells why. Returns when the attempt began
%% that was successful.
connect(0, #run{target = Target}) ->
    exit({no_connection_to, Target});
connect(Attempts, #run{target = Target, even = Even} = Run) ->
    Then = now_ns(),
    case net_kernel:connect_node(Target) of
        true ->
            Then;
        false ->
            counters:add(Even, ?REFUSED, 1),
            counters:add(Even, ?REFUSED_NS, measured_between(Then, Run)),
            connect(Attempts - 1, Run)
    end.

%% How much of the time from then to now is measured.
measured_between(Then, #run{begin_ns = Begin, end_ns = End}) ->
    max(0, min(now_ns(), End) - max(Then, Begin)).

disconnect(Target) ->
    erlang:disconnect_node(Target),
    receive {nodedown, Target, _} -> flush_nodes() end.

flush_nodes() ->
    receive
        {nodeup, _, _} -> flush_nodes();
        {nodedown, _, _} -> flush_nodes()
    after 0 ->
        ok
    end.

finish(#run{runner = Runner}) ->
    Runner ! {finished, 0}.

is_over(Now, Run) ->
    Now >= Run#run.end_ns orelse stopped(Run).

stopped(#run{stop = Stop}) ->
    atomics:get(Stop, 1) =:= 1.

payload(Number, #run{payloads = Payloads}) ->
    element(Number band (tuple_size(Payloads) - 1) + 1, Payloads).

%% In nanoseconds: Erlang's own unit on Linux, nothing is converted.
now_ns() ->
    erlang:monotonic_time(nanosecond).

check(true, _, _) -> ok;
check(false, What, Run) -> counters:add(Run#run.even, What, 1).

%% While one interval is counted the runner takes what the last one has. What
%% comes before the first is warm-up, and nothing counts after the end.
record(Now, Latency, Bytes, #run{begin_ns = Begin, end_ns = End} = Run)
  when Now >= Begin, Now < End ->
    Counters = counters_of((Now - Begin) div Run#run.interval_ns, Run),
    counters:add(Counters, ?BYTES, Bytes),
    counters:add(Counters, ?OTHERS + 1 + bucket(Latency, 0), 1);
record(_, _, _, _) ->
    ok.

bucket(Latency, Base) when Latency < ?EXACT ->
    min(Base + Latency, ?BUCKETS - 1);
bucket(Latency, Base) ->
    bucket(Latency bsr 1, Base + ?HALF).

%% The largest value of a bucket.
value(Bucket) when Bucket < ?EXACT ->
    Bucket;
value(Bucket) ->
    ((Bucket rem ?HALF + ?HALF + 1) bsl (Bucket div ?HALF - 1)) - 1.

%% The runner.

measure(Run, Workers, #{warmup_ns := Warmup, duration_ns := Duration}, C) ->
    Begin = now_ns() + Warmup,
    Timed = Run#run{begin_ns = Begin, end_ns = Begin + Duration},
    tick_at(0, Timed),
    [Worker ! {go, Begin, Begin + Duration} || Worker <- Workers],
    Counted = count(Timed, C),
    Ended = min(now_ns(), Timed#run.end_ns),
    Ended > Begin orelse exit(interrupted_before_it_began),
    CpuMs = cpu_ms() - Counted#counted.cpu_ms,
    #{counters := Counters} = Result =
        result(Timed, Ended, take_rest(Timed, Ended, Counted)),
    C#counted.owner !
        {self(),
         {done, Result#{interrupted => stopped(Timed),
                        counters := Counters#{sender_cpu_ns =>
                                                  CpuMs * 1_000_000}}}}.

%% Until all workers have finished and all reports are there.
count(_, #counted{workers = 0, missing = 0} = C) ->
    C;
count(#run{target = Target} = Run, C) ->
    receive
        {report, Stream, _, Report} ->
            Missing = C#counted.missing - 1,
            count(Run, take_report(Stream, Report,
                                   C#counted{missing = Missing}));
        {finished, Reports} ->
            count(Run, C#counted{workers = C#counted.workers - 1,
                                 missing = C#counted.missing + Reports});
        {tick, Interval} ->
            tick_at(Interval + 1, Run),
            count(Run, tick(Interval, Run, C));
        {nodedown, Target} ->
            exit({connection_lost, Target});
        {'EXIT', _, normal} ->
            count(Run, C);
        {'EXIT', _, Reason} ->
            exit(Reason)
    after ?PATIENCE_MS ->
        exit({no_answer_from, Target})
    end.

%% A little after interval `Interval` has begun.
tick_at(Interval, #run{begin_ns = Begin, interval_ns = Length, end_ns = End}) ->
    At = Begin + Interval * Length,
    At =< End andalso
        erlang:send_after(At div 1_000_000 + 1, self(), {tick, Interval},
                          [{abs, true}]).

tick(0, _, C) ->
    C#counted{cpu_ms = cpu_ms()};
tick(_, Run, C) ->
    take_interval(Run, C).

cpu_ms() ->
    {Runtime, _} = statistics(runtime),
    Runtime.

%% The messages between two reports of stream 0 are those of an interval.
take_report(0, Report, #counted{base = undefined} = C) ->
    C#counted{base = Report, last = Report, latest = Report};
take_report(0, Report, #counted{base = Base, last = Last} = C) ->
    C#counted.by =:= reports andalso
        event(#{start_ns => difference(time_ns, Base, Last),
                messages => difference(messages, Last, Report),
                bytes => difference(bytes, Last, Report),
                histogram => []}, C),
    C#counted{last = Report, latest = Report};
take_report(_, Report, C) ->
    C#counted{latest = Report}.

difference(Key, From, To) ->
    maps:get(Key, To, 0) - maps:get(Key, From, 0).

take_rest(#run{begin_ns = Begin, interval_ns = Length} = Run, Ended,
          #counted{interval = Interval} = C)
  when Begin + Interval * Length < Ended ->
    take_rest(Run, Ended, take_interval(Run, C));
take_rest(_, _, C) ->
    C.

%% What the workers have counted in the interval that is over.
take_interval(_, #counted{by = reports, interval = Interval} = C) ->
    C#counted{interval = Interval + 1};
take_interval(#run{interval_ns = Length} = Run,
              #counted{interval = Interval} = C) ->
    Counters = counters_of(Interval, Run),
    Bytes = take(Counters, ?BYTES),
    Counts = take_buckets(Counters, ?BUCKETS - 1, []),
    Messages = lists:sum([Count || {_, Count} <- Counts]),
    event(#{start_ns => Interval * Length, messages => Messages,
            bytes => Bytes, histogram => values(Counts)}, C),
    C#counted{interval = Interval + 1,
              messages = C#counted.messages + Messages,
              bytes = C#counted.bytes + Bytes,
              histogram = lists:foldl(fun add/2, C#counted.histogram, Counts)}.

counters_of(Interval, Run) when Interval band 1 =:= 0 -> Run#run.even;
counters_of(_, Run) -> Run#run.odd.

take_buckets(_, -1, Counts) ->
    Counts;
take_buckets(Counters, Bucket, Counts) ->
    case take(Counters, ?OTHERS + 1 + Bucket) of
        0 -> take_buckets(Counters, Bucket - 1, Counts);
        Count -> take_buckets(Counters, Bucket - 1, [{Bucket, Count} | Counts])
    end.

take(Counters, Index) ->
    Count = counters:get(Counters, Index),
    Count =:= 0 orelse counters:sub(Counters, Index, Count),
    Count.

add({Bucket, Count}, Histogram) ->
    case Histogram of
        #{Bucket := Before} -> Histogram#{Bucket := Before + Count};
        #{} -> Histogram#{Bucket => Count}
    end.

values(Counts) ->
    [{value(Bucket), Count} || {Bucket, Count} <- Counts].

event(Interval, #counted{owner = Owner}) ->
    Owner ! {self(), {interval, Interval}}.

result(_, _, #counted{by = reports, opened = Opened, base = Base, last = Last,
                      latest = Latest}) ->
    (faults(Opened, Latest))
        #{duration_ns => difference(time_ns, Base, Last),
          messages => difference(messages, Base, Last),
          bytes => difference(bytes, Base, Last),
          histogram => [],
          counters =>
              #{receiver_cpu_ns => difference(cpu_ns, Base, Last),
                receiver_enters => difference(enters, Base, Last),
                receiver_completions => difference(completions, Base, Last)}};
result(#run{begin_ns = Begin, even = Even}, Ended,
       #counted{by = trips, opened = Opened} = C) ->
    Faults = #{reordered := Reordered, corrupted := Corrupted} =
        faults(Opened, C#counted.latest),
    Faults#{duration_ns =>
                Ended - Begin - counters:get(Even, ?REFUSED_NS),
            messages => C#counted.messages,
            bytes => C#counted.bytes,
            histogram => values(lists:sort(maps:to_list(C#counted.histogram))),
            reordered := Reordered + counters:get(Even, ?REORDERED),
            corrupted := Corrupted + counters:get(Even, ?CORRUPTED),
            counters => maps:merge(large(C), refused(Even))}.

refused(Even) ->
    case counters:get(Even, ?REFUSED) of
        0 -> #{};
        Refused -> #{refused_connections => Refused}
    end.

%% What the target found since the run began; where it was not asked, nothing.
faults(_, undefined) ->
    faults(#{}, #{});
faults(Opened, Latest) ->
    maps:from_list([{Key, difference(Key, Opened, Latest)}
                    || Key <- [lost, duplicated, reordered, corrupted]]).

%% What was streamed beside the round trips.
large(#counted{last = Same, base = Same}) ->
    #{};
large(#counted{base = Base, last = Last}) ->
    #{large_bytes_per_second =>
          difference(bytes, Base, Last) * 1.0e9 /
              difference(time_ns, Base, Last)}.
