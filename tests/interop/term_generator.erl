%% The node's side of term_round_trip_test.cc: makes random terms, reads and
%% writes files of them, each binary with its size (32 bits) before it.
-module(term_generator).

-export([start/1, write/2, compare/1, echo/2]).

%% Sizes of the parts of a term are log-uniform; so many bytes at most. One term
%% in a thousand is of the large kind.
-define(MAX_SIZE, 2000).
-define(MAX_LARGE_SIZE, 1000000).

start(Seed) ->
    rand:seed(exsss, Seed),
    put(in_key, false),
    put(atoms, list_to_tuple([atom() || _ <- lists:seq(1, 2000)])),
    put(mine, [self(), whereis(init), hd(erlang:ports()), make_ref(), alias()
               | [make_ref() || _ <- lists:seq(1, 10)]]),
    ok.

%% Makes terms, keeps them for compare/1 and writes them.
write(File, Count) ->
    Terms = [term(case rand:uniform(1000) of
                      1 -> log_uniform(?MAX_LARGE_SIZE);
                      _ -> log_uniform(?MAX_SIZE)
                  end) || _ <- lists:seq(1, Count)],
    put(terms, Terms),
    write_binaries(File, [encode(Term) || Term <- Terms]).

%% The number of terms that come back the same, and the first that does not.
compare(File) ->
    compare(get(terms), read_binaries(File), 0).

compare([], [], Same) ->
    {same, Same};
compare([Term | Terms], [Binary | Binaries], Same) ->
    case catch binary_to_term(Binary) of
        Term -> compare(Terms, Binaries, Same + 1);
        _ -> {differs, Same, Term, Binary}
    end.

%% Decodes what is in one file and encodes it into the other.
echo(From, To) ->
    write_binaries(To, [encode(binary_to_term(Binary))
                        || Binary <- read_binaries(From)]).

encode(Term) ->
    term_to_binary(Term, case rand:uniform(10) of
                             1 -> [];
                             2 -> [{minor_version, 0}];
                             3 -> [{minor_version, 1}];
                             4 -> [compressed];
                             5 -> [compressed, {minor_version, 2}];
                             _ -> [{minor_version, 2}]
                         end).

write_binaries(File, Binaries) ->
    file:write_file(File, [[<<(byte_size(Binary)):32>>, Binary]
                           || Binary <- Binaries]).

read_binaries(File) ->
    {ok, Bytes} = file:read_file(File),
    [Binary || <<Size:32, Binary:Size/binary>> <= Bytes].

%% A term of about Size bytes.
term(Size) when Size < 16 ->
    leaf();
term(Size) ->
    Parts = log_uniform(Size div 8),
    case rand:uniform(9) of
        1 -> list_to_tuple(terms(Parts, Size));
        2 -> list_to_tuple(terms(Parts, Size));
        3 -> terms(Parts, Size);
        4 -> terms(Parts, Size);
        5 -> terms(Parts, Size) ++ leaf();
        6 -> maps:from_list([{key(Size div Parts div 2),
                              term(Size div Parts div 2)}
                             || _ <- lists:seq(1, Parts)]);
        7 -> nested(log_uniform(min(Size div 8, 1000)), leaf());
        8 -> closure(term(Size div 2), term(Size div 2));
        9 -> sized(Size)
    end.

terms(Count, Size) ->
    [term(rand:uniform(2 * Size div Count)) || _ <- lists:seq(1, Count)].

%% Without references of other nodes: OTP 25 hashes them by their second word
%% even if they have but one, and not by their fourth and fifth. The first makes
%% large maps that differ from binary_to_term(term_to_binary(Map)), the second
%% ends the node when many references differ in these alone.
key(Size) ->
    Outer = put(in_key, true),
    Key = term(Size),
    put(in_key, Outer),
    Key.

nested(0, Inner) -> Inner;
nested(Depth, Inner) -> nested(Depth - 1, [Depth, Inner]).

closure(A, B) ->
    pick([fun() -> {A, B} end, fun(X) -> [X, A | B] end, fun(_, _) -> A end]).

leaf() ->
    case rand:uniform(14) of
        1 -> pick([[], {}, #{}, <<>>]);
        2 -> sized(log_uniform(16) - 1);
        3 -> float_of_any_size();
        4 -> pick([0.0, 1.5, -2.0, 1.0e22, 5.0e-324, 1.7976931348623157e308]);
        5 -> pick(get(mine));
        6 -> identifier();
        7 -> identifier();
        8 -> pick([fun lists:map/2, fun erlang:'+'/2, fun nowhere:'to be'/255]);
        9 -> atom_of_pool();
        10 -> atom_of_pool();
        _ -> integer()
    end.

sized(Size) ->
    case rand:uniform(5) of
        1 -> rand:bytes(Size);
        2 -> binary_to_list(rand:bytes(Size));
        3 -> <<(rand:bytes(Size))/binary, 5:(rand:uniform(7))>>;
        4 -> [$a || _ <- lists:seq(1, Size)];
        5 -> Bits = 8 * min(Size, 60000),
             <<Integer:Bits>> = rand:bytes(Bits div 8),
             pick([1, -1]) * Integer
    end.

integer() ->
    Power = 1 bsl (rand:uniform(70) - 1),
    pick([1, -1]) * case rand:uniform(2) of
                        1 -> Power + rand:uniform(3) - 2;
                        2 -> rand:uniform(Power)
                    end.

float_of_any_size() ->
    case rand:bytes(8) of
        <<Float/float>> -> Float;
        _ -> 0.5
    end.

atom_of_pool() -> element(rand:uniform(2000), get(atoms)).

atom() ->
    list_to_atom([pick("azA0_@ '\\\n\x{7F}\x{80}\x{E9}\x{FF}\x{100}\x{4F60}"
                       "\x{FFFD}\x{1F600}")
                  || _ <- lists:seq(2, log_uniform(256))]).

%% What names a process, a port or a reference of another node: of every tag,
%% the old ones included, and of every size of id.
identifier() ->
    Node = pick([<<119, 3, "a@h">>, <<100, 3:16, "b@h">>, <<115, 3, "c@h">>,
                 <<118, 4:16, "\x{C3}\x{A9}@h">>, <<100, 3:16, "\x{E9}@h">>]),
    Id = <<(word()):32>>,
    Serial = <<(word()):32>>,
    Creation = <<(word()):32>>,
    Small = <<(rand:uniform(4) - 1)>>,
    Small28 = <<0:4, (word()):28>>,
    Small18 = <<0:14, (word()):18>>,
    Words = rand:uniform(5),
    Kinds = case get(in_key) of true -> 7; false -> 10 end,
    Rest = << <<(word()):32>> || _ <- lists:seq(2, Words) >>,
    binary_to_term(iolist_to_binary([131 | case rand:uniform(Kinds) of
        1 -> [88, Node, Id, Serial, Creation];
        2 -> [88, Node, Id, Serial, Creation];
        3 -> [103, Node, <<0:17, (word()):15>>, <<0:19, (word()):13>>, Small];
        4 -> [89, Node, Small28, Creation];
        5 -> [102, Node, Small28, Small];
        6 -> [120, Node, Id, Serial, Creation];
        7 -> [120, Node, <<0:32>>, Serial, Creation];
        8 -> [90, <<Words:16>>, Node, Creation, Id, Rest];
        9 -> [114, <<(min(Words, 3)):16>>, Node, Small, Small18,
              binary:part(Rest, 0, 4 * (min(Words, 3) - 1))];
        10 -> [101, Node, Small18, Small]
    end])).

word() ->
    pick([0, 1, 2, 16#3FFFF, 16#40000, 16#FFFFFFF, 16#10000000, 16#7FFFFFFF,
          16#FFFFFFFF, rand:uniform(1000)]).

log_uniform(Max) ->
    max(1, trunc(math:pow(Max, rand:uniform()))).

pick(List) -> lists:nth(rand:uniform(length(List)), List).
