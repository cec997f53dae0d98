using System.Diagnostics;
using Crust.Primitives;
using Crust.Session;
using Crust.Session.Circuits;
using Crust.Session.Links;
using Crust.Tests.Simulation;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Fuzz;

/// <summary>
/// A live session machine hears again what a real node heard, with a few records mutated, repeated, left out or exchanged, while links change and time passes: it never throws, never
/// writes without end, holds no more than it may, and delivers nothing that was not signed. Twenty times as many with <c>CRUST_FULL=1</c>.
/// </summary>
[Trait("speed", "slow")]
public sealed class MachineFuzzTests(ITestOutputHelper output)
{
    private const ulong FirstSeed = 1;

    /// <summary>Most that this session can hold: its first windows and budgets twice over, and the entries of four lanes.</summary>
    private const long MostHeld = 16 << 20;

    private static readonly int Cases = Environment.GetEnvironmentVariable("CRUST_FULL") == "1" ? 30_000 : 1_500;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatANodeHeard_OfCircuits_IsUnderstoodAgain(bool nodeIsLower)
    {
        var told = new Replay(nodeIsLower, isHop: true).Untouched();
        told.IsViolated.Should().BeFalse($"the corpus is of this version of the protocol; else record it anew; the last record was:{told.Last}");
        told.Delivered.Should().HaveCount(HopRecorder.Burst);
        told.CircuitBytes.Should().Be(HopRecorder.Ours + 10 + HopRecorder.Theirs, "the second circuit is not refused here");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatANodeHeard_IsUnderstoodAgain(bool nodeIsLower)
    {
        var replay = new Replay(nodeIsLower, isHop: false);
        var told = replay.Untouched();
        told.IsViolated.Should().BeFalse($"the corpus is of this version of the protocol; else record it anew; the last record was:{told.Last}");
        told.Delivered.Should().HaveCount(8, "so many messages the recorder sends");
        told.Streams.Should().Be(5);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void Mutations_NeverThrow_NeverHang_AndDeliverNothingThatWasNotSigned(bool nodeIsLower, bool isHop)
    {
        var replay = new Replay(nodeIsLower, isHop);
        var signed = replay.Untouched().Delivered.Select(Convert.ToHexString).ToHashSet();
        var (violations, delivered, longest) = (0, 0L, TimeSpan.Zero);
        Parallel.For(0, Cases, new ParallelOptions { MaxDegreeOfParallelism = 2 }, i =>
        {
            var seed = FirstSeed + (ulong)i;
            var start = Stopwatch.GetTimestamp();
            try
            {
                var told = replay.Mutated(seed);
                told.Delivered.Where(p => !signed.Contains(Convert.ToHexString(p))).Should().BeEmpty("nothing is delivered that was not signed");
                Interlocked.Add(ref violations, told.IsViolated ? 1 : 0);
                Interlocked.Add(ref delivered, told.Delivered.Count);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed={seed}", e);
            }

            var took = Stopwatch.GetElapsedTime(start);
            lock (signed)
                longest = took > longest ? took : longest;
        });
        output.WriteLine($"{Cases} cases from seed {FirstSeed} on: {violations} ended as violations, {delivered} messages delivered, the longest took {longest.TotalMilliseconds:0} ms");
        longest.Should().BeLessThan(TimeSpan.FromSeconds(30), "a hang is no answer");
        violations.Should().BeInRange(Cases / 10, Cases - 1, "mutations break the protocol, and not all of them");
    }

    private sealed record Told(bool IsViolated, IReadOnlyList<byte[]> Delivered, int Streams, long CircuitBytes, string Last);

    /// <summary>One recorded session, told to machines of the node's making.</summary>
    private sealed class Replay
    {
        /// <summary>So much of its own the machine has said before, that what the recorded peer acknowledges, refuses and names was said.</summary>
        private const int OwnMessages = 200;

        /// <summary>The streams that the node opened, in their order.</summary>
        private static readonly string[] OwnStreams = [CorpusRecorder.Ask, CorpusRecorder.Echo];

        private readonly SessionParameters _parameters;
        private readonly List<byte[]> _records;

        private readonly bool _isHop;

        internal Replay(bool nodeIsLower, bool isHop)
        {
            _isHop = isHop;
            var captures = Capture.Read(isHop ? HopRecorder.File(nodeIsLower) : CorpusRecorder.SessionFile(nodeIsLower));
            _records = [.. captures.Where(c => c.Kind == CaptureKind.ToNode).Select(c => c.Bytes)];
            var secrets = captures.Single(c => c.Kind == CaptureKind.Session).Bytes;
            var (self, peer) = nodeIsLower ? (CorpusRecorder.Lower, CorpusRecorder.Higher) : (CorpusRecorder.Higher, CorpusRecorder.Lower);
            // Unsigned, any number that was written may be acknowledged.
            _parameters = new SessionParameters(self, peer.Id, CapturingPeer.Network, secrets[..32], secrets[32..], SendSigned: false, ReceiveSigned: true, SessionLimits.Default);
        }

        internal Told Untouched() => new Player(_parameters, _records, _isHop, null).Play();

        internal Told Mutated(ulong seed)
        {
            var random = new DeterministicRandom(seed);
            var records = _records.ToList();
            var mutator = new Mutator((int)seed, _records);
            for (var changes = random.Next(1, 5); changes > 0; changes--)
            {
                var at = random.Next(records.Count);
                switch (random.Next(8))
                {
                    case 0:
                        records.RemoveAt(at);
                        break;
                    case 1:
                        records.Insert(at, records[random.Next(records.Count)]);
                        break;
                    case 2:
                        records[at] = [.. records[at], .. records[random.Next(records.Count)]];
                        break;
                    case 3:
                        records[at] = mutator.Next();
                        break;
                    default:
                        records[at] = new Mutator((int)seed + changes, [records[at]]).Next();
                        break;
                }
            }

            return new Player(_parameters, records, _isHop, random).Play();
        }

        private sealed class Player(SessionParameters parameters, List<byte[]> records, bool isHop, DeterministicRandom? random)
        {
            private readonly SessionMachine _machine = new(parameters, default);
            private readonly List<byte[]> _delivered = [];
            private readonly byte[] _buffer = new byte[16 << 10];
            private readonly EchoingHop _hop = new(opensEven: parameters.Self.Id < parameters.Remote);
            private SessionLink _link = null!;
            private Instant _now;
            private int _streams;
            private int _code;

            internal Told Play()
            {
                _link = _machine.AddLink(LinkRank.Direct, 1, _now);
                for (var i = 0; i < OwnMessages; i++)
                    _machine.TrySend("own", 1, [(byte)i], [], 0, _now);
                foreach (var protocol in OwnStreams)
                    _machine.OpenStream(protocol, 1, _now, out _);
                if (isHop)
                {
                    _machine.Circuits = _hop;
                    _hop.Open(parameters.Remote, CircuitKind.Data, [], new byte[HopRecorder.Theirs]);
                }

                Drain();
                var last = "";
                foreach (var record in records)
                {
                    if (random is null && !_machine.IsClosed)
                        last = FrameWalk.Describe(record);
                    else if (random is not null)
                        Disturb();
                    if (!_machine.Handle(_link, record, _now) && !_machine.IsClosed)
                        throw new InvalidOperationException("Refused, and not closed.");
                    Drain();
                }

                return new Told(_code == (int)GoodbyeCode.ProtocolViolation, _delivered, _streams, _hop.Received, last);
            }

            private void Disturb()
            {
                switch (random!.Next(40))
                {
                    case 0:
                        _machine.RemoveLink(_link, _now);
                        _link = _machine.AddLink(LinkRank.Direct, _machine.Promise(LinkRank.Direct, _now), _now);
                        break;
                    case 1:
                        _now += TimeSpan.FromSeconds(random.Next(60));
                        _machine.HandleTimeout(_now);
                        break;
                    case 2:
                        _machine.TrySend("own", (byte)random.Next(4), new byte[random.Next(40_000)], [], 7, _now);
                        break;
                    default:
                        _now += TimeSpan.FromMilliseconds(random.Next(30));
                        break;
                }

                Drain();
            }

            /// <summary>Takes what the machine has to say and to write: an end must come.</summary>
            private void Drain()
            {
                for (var rounds = 0; ; rounds++)
                {
                    if (rounds > 2_000)
                        throw new InvalidOperationException("It writes without end.");
                    while (_machine.PollEvent(out var e))
                        Take(e);
                    if (_machine.PollRecord(_link, _buffer, _now, 1_700_000_000_000) == 0)
                        break;
                }

                (_machine.HeldBytes + _hop.QueuedBytes).Should().BeLessThan(MostHeld);
                _ = _machine.PollTimeout();
            }

            private void Take(in SessionEvent e)
            {
                switch (e.Kind)
                {
                    case SessionEventKind.MessageReceived:
                        _delivered.Add(e.Payload.Span.ToArray());
                        _machine.MessageConsumed(e.Payload, _now);
                        break;
                    case SessionEventKind.DatagramReceived:
                        _machine.DatagramConsumed(e.Payload);
                        break;
                    case SessionEventKind.StreamOpened:
                        _streams++;
                        break;
                    case SessionEventKind.StreamData:
                        _machine.StreamConsumed(e.Stream!, e.Payload, _now);
                        break;
                    case SessionEventKind.Closed when !e.ByRemote:
                        _code = e.Code;
                        break;
                }
            }
        }
    }
}
