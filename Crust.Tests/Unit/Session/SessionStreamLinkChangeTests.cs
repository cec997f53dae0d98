using Crust.Primitives;
using Crust.Session;
using Crust.Session.Links;
using Crust.Session.Streams;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Streams and messages under random traffic while links come and go, standbys and half-open ones included. On failure the message names the seed.</summary>
public class SessionStreamLinkChangeTests
{
    private const ulong FirstSeed = 0, SeedCount = 400;

    [Fact]
    public void EveryByte_ArrivesOnceAndInOrder_WhateverHappensToTheLinks()
    {
        var (bytes, changes) = (0L, 0L);
        for (var seed = FirstSeed; seed < FirstSeed + SeedCount; seed++)
        {
            var run = new Run(seed);
            run.Play();
            bytes += run.Bytes;
            changes += run.Changes;
        }

        bytes.Should().BeGreaterThan((long)SeedCount * 10_000, "the streams must have carried something");
        changes.Should().BeGreaterThan((long)SeedCount * 2);
    }

    [Fact]
    public void CutAfterEachRecord_LosesNothing()
    {
        // The same conversation again and again, cut one record later each time, in either direction.
        for (var cut = 0; cut < 60; cut++)
        {
            var pair = new SessionPair { RecordLength = 700 };
            var streams = new[] { pair.Open(pair.A), pair.Open(pair.B) };
            var ends = new[] { pair.A, pair.B };
            for (var i = 0; i < 2; i++)
            {
                pair.Send(ends[i], new byte[1500], 1);
                ends[i].Machine.Write(streams[i], new byte[5000], pair.Now).Should().Be(5000);
                ends[i].Machine.Finish(streams[i], pair.Now);
            }

            for (var record = 0; record < cut; record++)
            {
                var end = ends[record % 2];
                pair.PollOne(end);
                if (record % 3 > 0)
                    pair.DeliverOne(end);
            }

            pair.ChangeLink();
            pair.Advance(TimeSpan.FromSeconds(1));
            for (var i = 0; i < 2; i++)
            {
                var other = ends[1 - i];
                other.Messages.Should().HaveCount(1, "cut={0}", cut);
                other.Log(other.Opened.Single()).Bytes.Should().HaveCount(5000, "cut={0}", cut);
                other.Log(other.Opened.Single()).Finishes.Should().Be(1, "cut={0}", cut);
                ends[i].Tokens(SessionEventKind.Acknowledged).Should().Equal(1);
                other.Machine.Finish(other.Opened.Single(), pair.Now);
            }

            pair.Advance(TimeSpan.FromSeconds(1));
            (pair.A.Machine.Statistics.Streams, pair.B.Machine.Statistics.Streams).Should().Be((0, 0), "cut={0}", cut);
        }
    }

    /// <summary>One seed.</summary>
    private sealed class Run
    {
        private readonly DeterministicRandom _random;
        private readonly string _context;
        private readonly SessionPair _pair;
        private readonly Dictionary<SessionEnd, List<(SessionStream Stream, List<byte> Written, int End)>> _streams;
        private readonly Dictionary<SessionEnd, int> _messages;
        private readonly List<PairLink> _links = [];
        private readonly double _changeChance;

        internal Run(ulong seed)
        {
            _random = new DeterministicRandom(seed);
            _context = $"seed={seed}; replay: set FirstSeed to {seed} and SeedCount to 1";
            var (a, b) = (_random.Chance(0.6), _random.Chance(0.6));
            _pair = new SessionPair(SessionPair.Parameters(true, a, b), SessionPair.Parameters(false, b, a), linked: false)
            {
                RecordLength = _random.Next(WireLimits.MinRecordLength, 4000),
            };
            (_streams, _messages) = (new() { [_pair.A] = [], [_pair.B] = [] }, new() { [_pair.A] = 0, [_pair.B] = 0 });
            _changeChance = _random.NextDouble() * 0.04;
        }

        internal long Bytes { get; private set; }

        internal int Changes { get; private set; }

        internal void Play()
        {
            for (var step = 0; step < 500; step++)
            {
                var end = _random.Chance(0.5) ? _pair.A : _pair.B;
                Step(end);
                if (_links.Count == 0 || _random.Chance(_changeChance))
                    Change();
                (_pair.A.Machine.IsClosed || _pair.B.Machine.IsClosed).Should().BeFalse(_context);
            }

            Settle();
            Check(_pair.A, _pair.B);
            Check(_pair.B, _pair.A);
        }

        private void Step(SessionEnd end)
        {
            switch (_random.Next(10))
            {
                case 0 when _random.Chance(0.3):
                    _streams[end].Add((_pair.Open(end, (byte)_random.Next(4), $"s{_random.Next(3)}"), [], 0));
                    break;
                case 0 or 1:
                    if (_pair.Send(end, BitConverter.GetBytes(_messages[end]), _messages[end] + 1) == SendResult.Queued)
                        _messages[end]++;
                    break;
                case 2 or 3 when _streams[end].Count > 0:
                    Write(end);
                    break;
                case 4 or 5 or 6:
                    foreach (var link in Standing(end))
                        _pair.PollOne(end, link);
                    break;
                case 7 or 8:
                    foreach (var link in end.Links.Where(l => l.Outbox.Count > 0 && !l.Link.IsStalled).ToList())
                        _pair.DeliverOne(end, link);
                    break;
                default:
                    _pair.Skip(TimeSpan.FromMilliseconds(_random.Next(30)));
                    _pair.Timeout();
                    break;
            }
        }

        private void Write(SessionEnd end)
        {
            var index = _random.Next(_streams[end].Count);
            var (stream, written, ended) = _streams[end][index];
            if (ended > 0)
                return;
            if (_random.Chance(0.1))
            {
                var isReset = _random.Chance(0.3);
                _streams[end][index] = (stream, written, isReset ? 2 : 1);
                if (isReset)
                    end.Machine.Reset(stream, 7, _pair.Now);
                else
                    end.Machine.Finish(stream, _pair.Now);
                return;
            }

            var bytes = new byte[_random.Chance(0.1) ? _random.Next(1, 30_000) : _random.Next(1, 400)];
            _random.Fill(bytes);
            var taken = end.Machine.Write(stream, bytes, _pair.Now);
            taken.Should().BeGreaterThanOrEqualTo(0, _context);
            written.AddRange(bytes.AsSpan(0, taken));
        }

        /// <summary>A link comes, goes, is noticed to be gone by one end only, or stops without anyone noticing.</summary>
        private void Change()
        {
            Changes++;
            var rank = _random.Chance(0.4) ? LinkRank.Relayed : LinkRank.Direct;
            var old = _links.Count == 0 ? null : _links[_random.Next(_links.Count)];
            switch (_random.Next(5))
            {
                case 0 when old is not null:
                    _pair.Lose(old);
                    _links.Remove(old);
                    break;
                case 1 when old is not null:
                    var end = _random.Chance(0.5) ? _pair.A : _pair.B;
                    old.IsStalled = true;
                    _pair.Notice(end, end == _pair.A ? old.A : old.B);
                    _links.Remove(old);
                    break;
                case 2 when old is not null:
                    old.IsStalled = !old.IsStalled;
                    break;
                default:
                    _links.Add(_random.Chance(0.5) ? _pair.AddPromised(rank) : _pair.AddLink(rank));
                    break;
            }
        }

        private void Settle()
        {
            foreach (var link in _links)
                link.IsStalled = false;
            for (var i = 0; i < 3; i++)
            {
                _pair.AddPromised();
                _pair.Advance(TimeSpan.FromSeconds(25));
            }
        }

        private IEnumerable<LinkEnd> Standing(SessionEnd end) => end.Links.Where(l => !l.IsGone && !l.Handle.IsUnwanted).ToList();

        private void Check(SessionEnd from, SessionEnd to)
        {
            (from.Machine.IsClosed, to.Machine.IsClosed).Should().Be((false, false), _context);
            to.Messages.Select(m => BitConverter.ToInt32(m.Payload)).Should().Equal(Enumerable.Range(0, _messages[from]), _context);
            from.Tokens(SessionEventKind.Acknowledged).Should().Equal(Enumerable.Range(1, _messages[from]).Select(i => (long)i), _context);
            to.Opened.Should().HaveCount(_streams[from].Count, _context);
            foreach (var (stream, written, end) in _streams[from])
            {
                var log = to.Log(to.Opened.Single(s => s.Id == stream.Id));
                (log.Finishes, log.ResetCode).Should().Be((end == 1 ? 1 : 0, end == 2 ? 7 : null), _context);
                if (end == 2)
                    written.Take(log.Bytes.Count).Should().Equal(log.Bytes, _context);
                else
                    log.Bytes.Should().Equal(written, _context);
                Bytes += log.Bytes.Count;
            }

            from.Machine.Statistics.UnacknowledgedMessages.Should().Be(0, _context);
            from.Machine.Statistics.QueuedMessages.Should().Be(0, _context);
        }
    }
}
