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
              interval_ns, begin_ns, end_ns,
              stop,     % atomics: 1 once it was interrupted.
              trips}).  % ringdist_load_trips.

%% What the runner knows.
-record(counted, {owner,
                  by,                 % reports | trips: what makes messages.
                  stream,             % Of its own reports; none: it asks none.
                  workers,            % How many still run.
                  missing = 0,        % Reports to come.
                  ended = false,      % The last interval is.
                  opened,             % What the target told at first,
                  base,               % when the measured time began,
                  last,               % when the last interval ended,
                  latest,             % and at last.
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
                     stream = report_stream(Kinds),
                     workers = length(Workers), opened = Opened,
                     cpu_ms = cpu_ms()}).

make_run(Stop, #{target := Target, sizes := Sizes, window := Window,
                 workload := Workload, interval_ns := Interval}) ->
    #run{runner = self(), target = Target, to = {dist_load, Target},
         payloads = ringdist_load:payloads(Sizes),
         window = Window,
         call = case Workload of call -> how_to_call(Target); _ -> none end,
         interval_ns = Interval,
         stop = Stop,
         trips = ringdist_load_trips:new(Interval)}.

how_to_call(Target) ->
    try erpc:call(Target, ringdist_load, echo, [<<>>]) of
        <<>> -> erpc
    catch
        error:{erpc, notsup} -> rex
    end.

%% What each process does, and its stream.
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

%% Where something is only sent the target tells what has come.
report_stream([{stream, 0} | _] = Kinds) -> length(Kinds);
report_stream([{{stream, _}, 0} | _] = Kinds) -> length(Kinds);
report_stream(_) -> none.

%% The processes that make the load.

worker(Kind, Stream, Run) ->
    open(Kind, Stream, Run),
    receive {go, Timed} -> work(Kind, Stream, Timed) end.

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
    work(stream, Stream, Run#run{payloads = ringdist_load:payloads([Large])});
work(stream, Stream, #run{payloads = Payloads} = Run) ->
    Largest = lists:max([byte_size(P) || P <- tuple_to_list(Payloads)]),
    Batch = max(1, min(?BATCH, ?BATCH_BYTES div max(1, Largest))),
    stream(Stream, 0, Batch, Run);
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

%% One way. At the end the target tells whether it missed any.
stream(Stream, Sent, Batch, #run{to = To, payloads = Payloads} = Run) ->
    Last = Sent + Batch,
    send(To, Stream, Sent + 1, Last, tuple_size(Payloads) - 1, Payloads),
    case is_over(now_ns(), Run) of
        true ->
            To ! {report, Run#run.runner, Stream, Last},
            finish(1, Run);
        false ->
            stream(Stream, Last, Batch, Run)
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
                       check(Echoed =:= Payload, corrupted, Run),
                       N;
                   {ack, Stream, N} ->
                       N
               end,
    Now = now_ns(),
    check(Answered =:= Number, reordered, Run),
    Then = atomics:get(Sent, Number rem Width + 1),
    record(Now, Now - Then, byte_size(Payload), Run),
    case is_over(Now, Run) of
        true ->
            finish_answers(Kind, Stream, Number + Width - 1, Run);
        false ->
            ask(Kind, Stream, Number + Width, Sent, Width, Run),
            answers(Kind, Stream, Number + 1, Sent, Width, Run)
    end.

%% What was acknowledged the target has counted: whether it missed any.
finish_answers(ack, Stream, Sent, Run) ->
    pass_report(Stream, Sent, Run),
    finish(1, Run);
finish_answers(echo, _, _, Run) ->
    finish(0, Run).

calls(Call, Number, Then, #run{target = Target} = Run) ->
    Payload = payload(Number, Run),
    Result = case Call of
                 erpc -> erpc:call(Target, ringdist_load, echo, [Payload]);
                 rex -> call_rex(Target, ringdist_load, echo, [Payload])
             end,
    Now = now_ns(),
    check(Result =:= Payload, corrupted, Run),
    record(Now, Now - Then, byte_size(Payload), Run),
    case is_over(Now, Run) of
        true -> finish(0, Run);
        false -> calls(Call, Number + 1, Now, Run)
    end.

connect(#run{target = Target} = Run) ->
    Then = connect(?MAX_ATTEMPTS, Run),
    Now = now_ns(),
    record(Now, Now - Then, 0, Run),
    disconnect(Target),
    case is_over(Now, Run) of
        true -> finish(0, Run);
        false -> connect(Run)
    end.

%% About one in some thousand runs into the set-up timeout of OTP: when the
%% target notices the end of the last connection while it accepts this one. That
%% time is not measured; README.md tells why. Returns when the attempt began
%% that was successful.
connect(0, #run{target = Target}) ->
    exit({no_connection_to, Target});
connect(Attempts, #run{target = Target, trips = Trips} = Run) ->
    Then = now_ns(),
    case net_kernel:connect_node(Target) of
        true ->
            Then;
        false ->
            ringdist_load_trips:add(refused, 1, Trips),
            ringdist_load_trips:add(refused_ns, measured_since(Then, Run),
                                    Trips),
            connect(Attempts - 1, Run)
    end.

measured_since(Then, #run{begin_ns = Begin, end_ns = End}) ->
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

%% With so many reports that the runner has to wait for.
finish(Reports, #run{runner = Runner}) ->
    Runner ! {finished, Reports}.

is_over(Now, Run) ->
    Now >= Run#run.end_ns orelse is_stopped(Run).

is_stopped(#run{stop = Stop}) ->
    atomics:get(Stop, 1) =:= 1.

payload(Number, #run{payloads = Payloads}) ->
    element(Number band (tuple_size(Payloads) - 1) + 1, Payloads).

%% In nanoseconds: Erlang's own unit on Linux, nothing is converted.
now_ns() ->
    erlang:monotonic_time(nanosecond).

check(true, _, _) -> ok;
check(false, What, Run) -> ringdist_load_trips:add(What, 1, Run#run.trips).

record(Now, Latency, Bytes, #run{trips = Trips}) ->
    ringdist_load_trips:record(Now, Latency, Bytes, Trips).

%% The runner.

measure(Run, Workers, #{warmup_ns := Warmup, duration_ns := Duration}, C) ->
    Begin = now_ns() + Warmup,
    End = Begin + Duration,
    Trips = ringdist_load_trips:set_time(Begin, End, Run#run.trips),
    Timed = Run#run{begin_ns = Begin, end_ns = End, trips = Trips},
    tick_at(0, Timed),
    [Worker ! {go, Timed} || Worker <- Workers],
    Counted = count(Timed, C),
    Ended = min(now_ns(), End),
    has_measured(Ended - Begin, Counted)
        orelse exit(interrupted_before_it_began),
    CpuMs = cpu_ms() - Counted#counted.cpu_ms,
    #{counters := Counters} = Result =
        result(Timed, Ended, take_rest(Timed, Ended, Counted)),
    C#counted.owner !
        {self(),
         {done, Result#{interrupted => is_stopped(Timed),
                        counters := Counters#{sender_cpu_ns =>
                                                  CpuMs * 1_000_000}}}}.

has_measured(_, #counted{by = reports, base = Base, last = Last}) ->
    Base =/= Last;
has_measured(Nanoseconds, #counted{by = trips}) ->
    Nanoseconds > 0.

%% Until the last interval has ended, all workers have finished and all reports
%% are there.
count(_, #counted{workers = 0, missing = 0, ended = true} = C) ->
    C;
count(#run{target = Target} = Run, C) ->
    receive
        {report, Stream, _, Report} ->
            Missing = C#counted.missing - 1,
            count(Run, take_report(Stream, Report,
                                   C#counted{missing = Missing}));
        {finished, Reports} ->
            Left = C#counted{workers = C#counted.workers - 1,
                             missing = C#counted.missing + Reports},
            count(Run, end_if_stopped(Run, Left));
        {tick, Interval} ->
            tick_at(Interval + 1, Run),
            count(Run, tick(Interval, Run, C));
        {nodedown, Target} ->
            exit({connection_lost, Target});
        {'EXIT', _, normal} ->
            count(Run, C);
        {'EXIT', _, Reason} ->
            exit(Reason)
    after ?PATIENCE_MS + Run#run.interval_ns div 1_000_000 ->
        exit({no_answer_from, Target})
    end.

%% Tick 0 comes when the measured time begins, the others, from 1, when an
%% interval ends; a little after that.
tick_at(Tick, #run{begin_ns = Begin, interval_ns = Length, end_ns = End}) ->
    Before = Begin + (Tick - 1) * Length,
    At = min(Before + Length, End),
    Before < End andalso
        erlang:send_after(At div 1_000_000 + 1, self(), {tick, Tick},
                          [{abs, true}]).

tick(0, Run, C) ->
    ask_report(Run, C#counted{cpu_ms = cpu_ms()});
tick(Tick, #run{begin_ns = Begin, interval_ns = Length, end_ns = End} = Run,
     C) ->
    IsLast = Begin + Tick * Length >= End,
    ask_report(Run, take_interval(Run, C#counted{ended = IsLast})).

%% A run that is interrupted ends when its workers have.
end_if_stopped(Run, #counted{workers = 0, ended = false} = C) ->
    case is_stopped(Run) of
        true -> ask_report(Run, C#counted{ended = true});
        false -> C
    end;
end_if_stopped(_, C) ->
    C.

ask_report(_, #counted{stream = none} = C) ->
    C;
ask_report(#run{to = To}, #counted{stream = Stream, missing = Missing} = C) ->
    To ! {report, self(), Stream, 0},
    C#counted{missing = Missing + 1}.

cpu_ms() ->
    {Runtime, _} = statistics(runtime),
    Runtime.

%% The messages between two of its own reports are those of an interval.
take_report(Stream, Report, #counted{stream = Stream, base = undefined} = C) ->
    C#counted{base = Report, last = Report, latest = Report};
take_report(Stream, Report,
            #counted{stream = Stream, base = Base, last = Last} = C) ->
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
take_interval(#run{interval_ns = Length, trips = Trips},
              #counted{interval = Interval} = C) ->
    {Bytes, Counts} = ringdist_load_trips:take(Interval, Trips),
    Messages = lists:sum([Count || {_, Count} <- Counts]),
    event(#{start_ns => Interval * Length, messages => Messages, bytes => Bytes,
            histogram => ringdist_load_trips:values(Counts)}, C),
    C#counted{interval = Interval + 1,
              messages = C#counted.messages + Messages,
              bytes = C#counted.bytes + Bytes,
              histogram = lists:foldl(fun add/2, C#counted.histogram, Counts)}.

add({Bucket, Count}, Histogram) ->
    case Histogram of
        #{Bucket := Before} -> Histogram#{Bucket := Before + Count};
        #{} -> Histogram#{Bucket => Count}
    end.

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
result(#run{begin_ns = Begin, trips = Trips}, Ended,
       #counted{by = trips, opened = Opened} = C) ->
    Added = fun(What) -> ringdist_load_trips:added(What, Trips) end,
    Faults = #{reordered := Reordered, corrupted := Corrupted} =
        faults(Opened, C#counted.latest),
    Histogram = lists:sort(maps:to_list(C#counted.histogram)),
    Faults#{duration_ns => Ended - Begin - Added(refused_ns),
            messages => C#counted.messages,
            bytes => C#counted.bytes,
            histogram => ringdist_load_trips:values(Histogram),
            reordered := Reordered + Added(reordered),
            corrupted := Corrupted + Added(corrupted),
            counters => maps:merge(large(C), refused(Added(refused)))}.

%% What the target found since the run began; where it was not asked, nothing.
faults(_, undefined) ->
    faults(#{}, #{});
faults(Opened, Latest) ->
    maps:from_list([{Key, difference(Key, Opened, Latest)}
                    || Key <- [lost, duplicated, reordered, corrupted]]).

refused(0) -> #{};
refused(Count) -> #{refused_connections => Count}.

%% What was streamed beside the round trips.
large(#counted{last = Same, base = Same}) ->
    #{};
large(#counted{base = Base, last = Last}) ->
    #{large_messages => difference(messages, Base, Last),
      large_bytes_per_second =>
          difference(bytes, Base, Last) * 1.0e9 /
              difference(time_ns, Base, Last)}.
