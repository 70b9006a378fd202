"""Names: asked of servers of this machine, which answer well, badly, elsewhere or not at all."""

import asyncio
import random
import time

from name_servers import Names, record, reply, spelt

from firmware.link import resolver

HERE = b"\xc0\x0c"  # the name in the question


async def find(host, *servers, deadline=5000, **others):
    """The address, or the words."""
    try:
        return await resolver.find(host, servers, time.ticks_ms, deadline, **others)
    except OSError as error:
        return str(error)


async def said(*records, **how):
    """What comes of these records in the answer to home.example."""
    async with Names(lambda query: [reply(query, *records, **how)]) as names:
        return await find("home.example", names.server)


async def test_what_is_asked():
    async with Names(lambda query: [reply(query, record(HERE, "192.0.2.7"))]) as names:
        assert await find("Home.Example", names.server) == "192.0.2.7"
        assert await find("home.example.", names.server) == "192.0.2.7"
        first, second = names.asked
        assert first[2:] == b"\1\0\0\1\0\0\0\0\0\0\4home\7example\0\0\1\0\1" == second[2:]
        assert first[:2] != second[:2]


async def test_what_needs_no_question():
    for host in ("192.0.2.7", "::1", "fe80::1:2", "300.1.1.1"):
        assert await find(host) == host
    assert await find("localhost") == await find("LocalHost.") == "127.0.0.1"
    assert await find("home") == await find("home", "0.0.0.0") == "no name server is known"


async def test_names_that_cannot_be():
    async with Names(lambda query: None) as names:
        for host in ("a..b", ".a", "x" * 64 + ".example"):
            assert (await find(host, names.server)).startswith("name not found"), host
        assert not names.asked


async def test_names_that_lead_to_others():
    target = record(b"b.example", "192.0.2.7")
    chain = record(HERE, b"a.example"), record(b"A.example", b"b.example")
    assert await said(*chain, target) == "192.0.2.7"
    assert await said(target, *reversed(chain)) == "192.0.2.7"
    pointer = record(HERE, b"\1a\xc0\x11", 5)  # a, and then "example" of the question
    assert await said(pointer, record(b"a.example", "192.0.2.8")) == "192.0.2.8"
    two = record(HERE, "192.0.2.1"), record(HERE, "192.0.2.2")
    assert await said(*two) == "192.0.2.1"
    other = record(HERE, b"\0" * 16, 28), record(b"else.example", "192.0.2.3")
    assert await said(*other) == "name not found: home.example"


async def test_the_end_of_a_chain_is_asked_for():
    def answer(query):
        at = query.find(b"\0", 12)
        if query[12:at] == b"\4home\7example":
            return [reply(query, record(HERE, b"a.example"))]
        return [reply(query, record(HERE, "192.0.2.7"))]

    async with Names(answer) as names:
        assert await find("home.example", names.server) == "192.0.2.7"
        assert names.asked[1][12:22] == b"\1a\7example"


async def test_a_chain_in_a_circle_ends():
    circle = record(b"home.example", b"a.example"), record(b"a.example", b"home.example")
    async with Names(lambda query: [reply(query, *circle)]) as names:
        assert await find("home.example", names.server) == "name not found: home.example"
        assert 1 <= len(names.asked) <= 8


async def test_no_such_name():
    assert await said(code=3) == "name not found: home.example"
    assert await said() == "name not found: home.example"


async def test_a_server_that_does_not_help_gives_way_to_the_next():
    for broken in (
        lambda query: [reply(query, code=2)],
        lambda query: [reply(query, code=5)],
        lambda query: [reply(query, flags=0x82)],  # too long for a packet
        lambda query: [reply(query, record(HERE, "192.0.2.9"))[:-2]],
        lambda query: None,
    ):
        async with Names(broken) as first:
            right = Names(lambda query: [reply(query, record(HERE, "192.0.2.7"))])
            async with right as second:
                begun = time.ticks_ms()
                assert await find("home.example", first.server, second.server) == "192.0.2.7"
                assert len(first.asked) == len(second.asked) == 1
                assert time.ticks_diff(time.ticks_ms(), begun) < 4000


async def test_what_is_no_answer_to_our_question_is_passed_over():
    right = record(HERE, "192.0.2.9")

    def answer(query):
        whole = reply(query, right)
        return [
            b"", b"short", query, whole[:20], whole[:30],
            bytes((query[0] ^ 1,)) + whole[1:],
            reply(query[:12] + b"\5other" + query[17:], right),
            whole[:2] + b"\x89" + whole[3:],  # not an answer to a question
            whole[:4] + b"\xff\xff" + whole[6:],
            whole[:7] + b"\2" + whole[8:],  # says that there is one more
            reply(query, record(b"x" * 63, "192.0.2.9")[:-40]),
            reply(query, b"\xc0\x40" + right[2:]),  # a pointer ahead
            reply(query, record(HERE, b"\xc0\x2a", 5)),  # a pointer to itself
            reply(query, record(HERE, "192.0.2.7")),
        ]

    async with Names(answer) as names:
        async with Names(lambda query: None) as stranger:
            asking = asyncio.create_task(find("home.example", names.server))
            assert await asking == "192.0.2.7"
            assert not stranger.asked and len(names.asked) == 1


async def test_somebody_else_is_not_believed():
    """An answer from another port than the one that was asked."""
    other = Names(lambda query: None)

    def answer(query):
        other.socket.sendto(reply(query, record(HERE, "192.0.2.66")), asker[0])
        return [reply(query, record(HERE, "192.0.2.7"))]

    asker = []
    async with Names(answer) as names:
        listen = names.socket.recvfrom

        class Ears:
            sendto = names.socket.sendto
            close = names.socket.close

            def recvfrom(self, size):
                query, sender = listen(size)
                asker[:] = [sender]
                return query, sender

        names.socket = Ears()
        assert await find("home.example", names.server) == "192.0.2.7"
    other.socket.close()


async def test_silence_ends_at_the_deadline_and_the_others_go_on():
    async with Names(lambda query: None) as names:
        asking = asyncio.create_task(find("home.example", names.server, deadline=1500))
        turns = 0
        while not asking.done():
            await asyncio.sleep_ms(5)
            turns += 1
        assert await asking == "the name server does not answer"
        assert len(names.asked) == 2 and turns > 50


async def test_a_flood_of_nonsense_lets_the_others_go_on():
    async with Names(lambda query: [b"nonsense" * 8] * 40) as names:
        asking = asyncio.create_task(find("home.example", names.server, deadline=400))
        turns = 0
        while not asking.done():
            await asyncio.sleep_ms(5)
            turns += 1
        assert await asking == "the name server does not answer" and turns > 10


async def test_a_name_in_local_is_asked_of_its_owner():
    def owner(query):
        # As responders do: the question may be left out, the cache is to be flushed, and more.
        found = record(b"broker.local", "192.0.2.7")
        found = found[:17] + b"\x80" + found[18:]
        return [query[:2] + b"\x84\0\0\0\0\1\0\0\0\0" + found]

    async with Names(owner) as there:
        assert await find("Broker.local", multicast=there.server) == "192.0.2.7"
        assert await find("broker.local", "127.0.0.1:9", multicast=there.server) == "192.0.2.7"
        assert len(there.asked) == 2
        assert spelt(b"broker.local") in there.asked[0]


async def test_a_name_in_local_that_only_the_router_knows():
    async with Names(lambda query: None) as nobody:
        router = Names(lambda query: [reply(query, record(HERE, "192.0.2.8"))])
        async with router as names:
            assert await find("box.local", names.server, multicast=nobody.server) == "192.0.2.8"
    async with Names(lambda query: [reply(query, code=3)]) as names:
        words = await find("box.local", names.server, multicast="127.0.0.1:9", deadline=1400)
        assert words == "name not found: box.local" and names.asked


async def test_noise_is_passed_over():
    """Whatever a server says, it is an address, or a deadline."""
    random.seed(7)

    def noise(query):
        alias = record(HERE, b"a.example")
        whole = bytearray(reply(query, alias, record(b"a.example", "1.2.3.4")))
        packets = []
        for _ in range(6):
            packet = whole[:]
            for _ in range(random.randrange(1, 6)):
                packet[random.randrange(2, len(packet))] = random.getrandbits(8)
            packets.append(packet[: random.randrange(len(packet) + 1)])
        return packets

    async with Names(noise) as names:
        for _ in range(25):
            words = await find("home.example", names.server, deadline=120)
            assert " " in words or words.count(".") == 3, words
