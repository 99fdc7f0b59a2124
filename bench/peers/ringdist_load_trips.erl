%% ringdist_load_trips: what the processes of ringdist_load_client count while
%% they make round trips, off the heap, where the one that tells it takes it.
%%
%% Latencies are counted as bench/load/histogram.h does: exactly below 2048
%% nanoseconds, then in 1024 buckets for each power of two, up to 2^36.
%%
%% There are two sets of counters: while one interval is counted in one, what
%% the last has counted is taken from the other.

-module(ringdist_load_trips).

-export([new/1, set_time/3, record/4, add/3, added/2, take/2, values/1]).

-define(EXACT, 2048).
-define(HALF, 1024).
-define(BUCKETS, (?EXACT + 25 * ?HALF)).

%% The first counters are not of latencies.
-define(BYTES, 1).
-define(OTHERS, 5).

-record(trips, {even, odd, interval_ns, begin_ns, end_ns}).

new(IntervalNs) ->
    #trips{even = counters:new(?OTHERS + ?BUCKETS, []),
           odd = counters:new(?OTHERS + ?BUCKETS, []),
           interval_ns = IntervalNs}.

%% What is before the begin is warm-up, and after the end nothing counts.
set_time(Begin, End, Trips) ->
    Trips#trips{begin_ns = Begin, end_ns = End}.

record(Now, Latency, Bytes, #trips{begin_ns = Begin, end_ns = End} = Trips)
  when Now >= Begin, Now < End ->
    Counters = counters_of((Now - Begin) div Trips#trips.interval_ns, Trips),
    counters:add(Counters, ?BYTES, Bytes),
    counters:add(Counters, ?OTHERS + 1 + bucket(Latency, 0), 1);
record(_, _, _, _) ->
    ok.

%% Counts something else. At any time.
add(What, Amount, #trips{even = Counters}) ->
    counters:add(Counters, index(What), Amount).

added(What, #trips{even = Counters}) ->
    counters:get(Counters, index(What)).

index(corrupted) -> 2;
index(reordered) -> 3;
index(refused) -> 4;
index(refused_ns) -> 5.

%% What interval `Interval`, from 0, has counted, once it is over: bytes, and
%% [{Bucket, Count}] in order.
take(Interval, Trips) ->
    Counters = counters_of(Interval, Trips),
    {take_one(Counters, ?BYTES), take_buckets(Counters, ?BUCKETS - 1, [])}.

take_buckets(_, -1, Counts) ->
    Counts;
take_buckets(Counters, Bucket, Counts) ->
    case take_one(Counters, ?OTHERS + 1 + Bucket) of
        0 -> take_buckets(Counters, Bucket - 1, Counts);
        Count -> take_buckets(Counters, Bucket - 1, [{Bucket, Count} | Counts])
    end.

take_one(Counters, Index) ->
    Count = counters:get(Counters, Index),
    Count =:= 0 orelse counters:sub(Counters, Index, Count),
    Count.

counters_of(Interval, Trips) when Interval band 1 =:= 0 -> Trips#trips.even;
counters_of(_, Trips) -> Trips#trips.odd.

bucket(Latency, Base) when Latency < ?EXACT ->
    min(Base + Latency, ?BUCKETS - 1);
bucket(Latency, Base) ->
    bucket(Latency bsr 1, Base + ?HALF).

%% Buckets by the largest value of each.
values(Counts) ->
    [{value(Bucket), Count} || {Bucket, Count} <- Counts].

value(Bucket) when Bucket < ?EXACT ->
    Bucket;
value(Bucket) ->
    ((Bucket rem ?HALF + ?HALF + 1) bsl (Bucket div ?HALF - 1)) - 1.
