%% Random terms of every kind, and a process that sends them to an echo.
%%
%%   echo_terms:run({echo, 'cpp@localhost'}, #{seed => 1, count => 1000,
%%                                             max => 1 bsl 24})
%%
%% is {ok, Bytes} if all of them came back equal; else it tells which did not,
%% and leaves both in the process dictionary (sent, received).

-module(echo_terms).
-export([run/2, term/1, add/1]).

-define(USUAL, (1 bsl 16)).
-define(TIMEOUT, 60000).

%% Sizes are log-uniform: every fourth one up to max bytes, the others up to
%% 64 KiB. With 10,000 terms and 16 MiB that makes 2 GiB.
run(To, #{seed := Seed, count := Count, max := Max}) ->
    rand:seed(exsss, Seed),
    Sizes = [log_uniform(if I rem 4 =:= 0 -> Max; true -> min(Max, ?USUAL) end)
             || I <- lists:seq(1, Count)],
    echo(To, Sizes, 1, 0).

echo(_To, [], _I, Bytes) ->
    {ok, Bytes};
echo(To, [Size | Sizes], I, Bytes) ->
    Term = term(Size),
    To ! {self(), Term},
    receive
        Back when Back =:= Term ->
            echo(To, Sizes, I + 1, Bytes + erlang:external_size(Term));
        Back ->
            put(sent, Term),
            put(received, Back),
            {changed, I, Size}
    after ?TIMEOUT ->
        put(sent, Term),
        {lost, I, Size}
    end.

log_uniform(Max) ->
    round(math:exp(rand:uniform() * math:log(Max))).

pick(Tuple) ->
    element(rand:uniform(tuple_size(Tuple)), Tuple).

%% A term of about that many bytes.
term(Size) when Size < 12 ->
    leaf(rand:uniform(12));
term(Size) ->
    large(rand:uniform(14), Size).

leaf(1) -> rand:uniform(256) - 1;
leaf(2) -> pick({-1, 1}) * rand:uniform(1 bsl 32);
leaf(3) -> integer(rand:uniform(16));
leaf(4) -> pick({0.0, 1.5, -1.0e300, 5.0e-324, rand:normal()});
leaf(5) -> atom();
leaf(6) -> pick({[], {}, <<>>, #{}, "", '', [[]]});
leaf(7) -> pid();
leaf(8) -> reference();
leaf(9) -> port();
leaf(10) -> pick({fun lists:map/2, fun erlang:'+'/2, fun no:'such thing'/255});
leaf(11) -> bits(rand:uniform(100) - 1);
leaf(12) -> unicode:characters_to_list(atom_to_binary(atom())).

large(1, Size) -> bits(8 * Size - pick({0, 0, rand:uniform(7)}));
large(2, Size) -> binary_part(rand:bytes(Size + 20), 10, Size);
large(3, Size) -> binary_to_list(rand:bytes(Size));
large(4, Size) -> binary_to_list(rand:bytes(min(Size, 65535))) ++ tail();
large(5, Size) -> [integer(4) || _ <- lists:seq(1, Size div 5)];
large(6, Size) -> integer(min(Size, 1 bsl 15));
large(7, Size) -> deep(pick({tuple, list, tail, map}), Size div 8, leaf(1));
large(8, Size) -> add(term(Size - 10));
large(9, Size) -> maps:from_list([{term(12), Term} || Term <- parts(Size)]);
large(10, Size) -> maps:from_list([{Term, I} || {I, Term} <-
                                       lists:enumerate(parts(Size))]);
large(11, Size) -> parts(Size) ++ tail();
large(Kind, Size) when Kind < 14 -> parts(Size);
large(_, Size) -> list_to_tuple(parts(Size)).

%% Terms that together have the size: few or many, alike or not.
parts(Size) ->
    Count = log_uniform(max(1, Size div 12)),
    case rand:uniform(3) of
        1 -> [term(Size div Count) || _ <- lists:seq(1, Count)];
        2 -> uneven(Size, 20);
        3 -> [leaf(rand:uniform(12)) || _ <- lists:seq(1, min(Count, Size div 20))]
    end.

uneven(Size, Left) when Size < 12; Left =:= 0 ->
    [];
uneven(Size, Left) ->
    Part = rand:uniform(Size),
    [term(Part) | uneven(Size - Part, Left - 1)].

%% Nested as deep as the size allows.
deep(_, 0, Term) -> Term;
deep(tuple, Depth, Term) -> deep(tuple, Depth - 1, {Term});
deep(list, Depth, Term) -> deep(list, Depth - 1, [Term]);
deep(tail, Depth, Term) -> deep(tail, Depth - 1, [Term | Depth]);
deep(map, Depth, Term) -> deep(map, Depth - 1, #{Depth => Term}).

tail() -> pick({[], a, 1, {b}, <<1:1>>}).

bits(Size) when Size =< 0 ->
    <<>>;
bits(Size) ->
    <<Bits:Size/bitstring, _/bitstring>> = rand:bytes((Size + 7) div 8),
    Bits.

integer(Bytes) ->
    pick({-1, 1}) * binary:decode_unsigned(rand:bytes(Bytes)).

%% One of some 5,000: more than an atom cache holds.
atom() ->
    Length = rand:uniform(6) - 1,
    Characters = [pick({$a, $b, $A, $ , 233, 255, 256, 16#1F600})
                  || _ <- lists:seq(1, Length)],
    Long = pick({0, 0, 0, 0, 0, 0, 0, 0, 0, 248}),
    list_to_atom(Characters ++ lists:duplicate(Long, 16#1F600)).

node_atom() ->
    Node = atom_to_binary(pick({a@b, 'other@host.domain', node(), ''})),
    <<119, (byte_size(Node)), Node/binary>>.

pid() ->
    pick({self(), group_leader(), spawn(fun() -> ok end),
          binary_to_term(<<131, 88, (node_atom())/binary,
                           (rand:bytes(12))/binary>>)}).

%% OTP 25.2.3 may crash on invented ones of more than three words that become
%% keys of maps.
reference() ->
    pick({make_ref(), alias(),
          binary_to_term(<<131, 90, 3:16, (node_atom())/binary,
                           (rand:bytes(4))/binary, (rand:uniform(1 bsl 18) - 1):32,
                           (rand:bytes(8))/binary>>)}).

port() ->
    pick({hd(erlang:ports()),
          binary_to_term(<<131, 120, (node_atom())/binary,
                           (rand:bytes(12))/binary>>)}).

add(Kept) ->
    fun(More) -> {Kept, More} end.
