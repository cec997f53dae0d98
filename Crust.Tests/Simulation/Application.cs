using System.Text;
using Crust.Buffers;
using Crust.Cryptography;
using Crust.Identity.Evidence;
using Crust.Primitives;
using Crust.Session;
using Crust.Session.Streams;

namespace Crust.Tests.Simulation;

/// <summary>
/// What uses one end of a session: sends messages, datagrams and streams at random, keeps what it gets for a while, and holds every event against what the
/// other end did.
/// </summary>
internal sealed class Application(SimulatedSession session)
{
    /// <summary>From this priority on, a message that waits for too long is dropped (DESIGN.md §3).</summary>
    private const byte FirstThatGrowsStale = 2;

    private readonly List<StreamTraffic> _streams = [];
    private long _bytesLeft;
    private int _exported;

    /// <summary>Streams of this end's making.</summary>
    internal IReadOnlyList<StreamTraffic> Streams => _streams;

    /// <summary>Streams of this end's making that are not over for its machine.</summary>
    internal int OwnStreams { get; private set; }

    /// <summary>Cost of messages that were delivered and not returned.</summary>
    internal long HeldMessages { get; private set; }

    /// <summary>The same of what streams carried.</summary>
    internal long HeldStreamData { get; set; }

    /// <summary>The same of datagrams, which no window bounds.</summary>
    internal long HeldDatagrams { get; private set; }

    /// <summary>Cost of what was delivered and not returned.</summary>
    internal long HeldCost => HeldMessages + HeldStreamData + HeldDatagrams;

    /// <summary>Messages of others that were exported and verified.</summary>
    internal int Exported => _exported;

    private World World => session.World;

    private Scenario Scenario => session.Node.Directory.Scenario;

    internal void Start()
    {
        _bytesLeft = Scenario.BytesPerEnd;
        Continue();
    }

    internal void Handle(in SessionEvent e)
    {
        switch (e.Kind)
        {
            case SessionEventKind.MessageReceived:
                Received(e);
                break;
            case SessionEventKind.DatagramReceived:
                session.Inward.DeliveredDatagram(e.Payload.Span);
                var datagram = e.Payload;
                HeldDatagrams += WireLimits.Cost(datagram.Length);
                Hold(() =>
                {
                    HeldDatagrams -= WireLimits.Cost(datagram.Length);
                    session.Machine.DatagramConsumed(datagram);
                });
                break;
            case SessionEventKind.Acknowledged or SessionEventKind.Refused or SessionEventKind.OutcomeUnknown or SessionEventKind.NotSent:
                if (e.Token != 0)
                    session.Outward.Outcome(e.Token, e.Kind, World.Now, session.Machine.IsClosed);
                break;
            case SessionEventKind.Writable or SessionEventKind.Dropped:
                break;
            default:
                Stream(e);
                break;
        }
    }

    /// <summary>The session is over.</summary>
    internal void Ended()
    {
        foreach (var stream in _streams)
            stream.Abandon();
    }

    /// <summary>Keeps something for a while, then returns it.</summary>
    internal void Hold(Action giveBack)
    {
        if (World.Random.Chance(0.3))
        {
            World.Soon(Return);
            return;
        }

        World.After(World.UpTo(Scenario.HoldsUpTo), Return);

        void Return()
        {
            if (session.IsForgotten)
                return;
            giveBack();
            session.Settle();
        }
    }

    /// <summary>Bytes that may still be sent; takes as many as there are, at most.</summary>
    internal long TakeBytes(long wanted)
    {
        var taken = Math.Min(wanted, _bytesLeft);
        _bytesLeft -= taken;
        return taken;
    }

    private void Continue()
    {
        if (!session.IsOpen || session.Machine.IsClosed || session.Node.Directory.IsHealed)
            return;
        var random = World.Random;
        switch (random.Next(20))
        {
            case < 13:
                for (var i = random.Next(1, random.Chance(0.1) ? 200 : 12); i > 0 && SendMessage(); i--)
                {
                }

                break;
            case < 16 when _streams.Count(s => !s.IsOver) < Scenario.OpenStreams:
                for (var i = Scenario.OpenStreams / 12; i > 0; i--)
                    OpenStream();
                break;
            case < 18:
                SendDatagram();
                break;
            case 18:
                session.Machine.RequestPing();
                break;
        }

        session.Settle();
        World.After(World.Around(Scenario.Pause), Continue);
    }

    private int DrawLength()
    {
        var random = World.Random;
        var kind = Scenario.Kind == ScenarioKind.Starved ? random.Next(60, 100) : random.Next(100);
        return kind switch
        {
            < 15 => random.Next(17),
            < 70 => random.Next(1500),
            < 93 => random.Next(40 << 10),
            < 99 => random.Next(300 << 10),
            _ => Scenario.HasLargeMessages ? random.Next(WireLimits.MaxMessageLength + 1) : random.Next(64),
        };
    }

    private bool SendMessage()
    {
        var random = World.Random;
        var length = DrawLength();
        if (length > TakeBytes(length + 32))
            return false;
        var priority = (byte)random.Next(WireLimits.PriorityCount);
        // A message that may grow stale has a token, so that the checker hears of it.
        var hasToken = priority >= FirstThatGrowsStale || random.Chance(0.6);
        Instant? staleAt = priority >= FirstThatGrowsStale ? World.Now + session.Node.Limits.MaxQueueAge : null;
        var message = new SentMessage(session.Node.Directory.NextId(), World.Pick(Applications.Protocols), priority, length, hasToken, staleAt);
        var payload = new byte[length];
        Content.Fill(payload, message.Id);
        var digest = Array.Empty<byte>();
        if (Leaf.NeedsDigest(length) && session.SendsSigned && random.Chance(0.5))
        {
            digest = new byte[Blake3.HashLength];
            Blake3.Hash(payload, digest);
        }

        var result = session.Machine.TrySend(message.Protocol, priority, payload, digest, hasToken ? message.Id : 0, World.Now);
        if (result != SendResult.Queued)
            return result == SendResult.Full || result == SendResult.Closed ? false : throw new SimulationException($"{session.Node.Name}: sending {message} gave {result}");
        session.Outward.Sent(message);
        return true;
    }

    private void SendDatagram()
    {
        var id = session.Node.Directory.NextId();
        var payload = new byte[World.Random.Next(8, WireLimits.MaxDatagramLength + 1)];
        Content.Fill(payload, id);
        if (session.Machine.TrySendDatagram("sim/datagrams", payload))
            session.Outward.SentDatagram(id);
    }

    private void OpenStream()
    {
        var stream = session.Machine.OpenStream(World.Pick(Applications.Protocols), (byte)World.Random.Next(WireLimits.PriorityCount), World.Now, out _);
        if (stream is null)
            return;
        var traffic = new StreamTraffic(session, stream);
        _streams.Add(traffic);
        OwnStreams++;
        traffic.Start();
    }

    private void Received(in SessionEvent e)
    {
        var message = session.Inward.TakeDelivered(e.Protocol!, e.Priority, e.Payload.Span);
        World.Mark((ulong)message.Id);
        var payload = e.Payload;
        HeldMessages += WireLimits.Cost(payload.Length);
        if (e.Protocol == Applications.Refused)
        {
            message.IsRefused = true;
            session.Machine.Refuse(e.Number, (int)RefuseCode.UnknownProtocol);
            HeldMessages -= WireLimits.Cost(payload.Length);
            session.Machine.MessageConsumed(payload, World.Now);
            return;
        }

        var (number, evidence) = (e.Number, e.Evidence);
        Hold(() =>
        {
            if (!Content.IsMessage(payload.Span, message.Id))
                throw new SimulationException($"{session.Node.Name}: {message} changed while the application held it");
            if (evidence is not null && World.Random.Chance(_exported < 5 ? 0.5 : 0.02))
                Export(message, number, evidence, payload);
            HeldMessages -= WireLimits.Cost(payload.Length);
            session.Machine.MessageConsumed(payload, World.Now);
        });
    }

    private void Export(SentMessage message, ulong number, BatchEvidence evidence, PayloadLease payload)
    {
        _exported++;
        var exported = evidence.Export(Leaf.Message(Encoding.ASCII.GetBytes(message.Protocol), number), payload.Span);
        if (!exported.Verify() || exported.Sender != session.Remote || exported.Receiver != session.Node.Identity.Id || exported.Number != number)
            throw new SimulationException($"{session.Node.Name}: the evidence of {message} does not verify");
    }

    private void Stream(in SessionEvent e)
    {
        if (e.Kind == SessionEventKind.StreamOpened)
        {
            var id = e.Stream!.Id;
            var opener = session.Node.Directory.Other(session)?.Application._streams.SingleOrDefault(s => s.IsOurs && s.Stream.Id == id)
                ?? throw new SimulationException($"{session.Node.Name}: stream {id} was opened, and nobody opened it");
            if (opener.Other is not null || opener.Stream.Protocol != e.Stream.Protocol)
                throw new SimulationException($"{session.Node.Name}: stream {id} was opened twice, or to another protocol");
            var traffic = new StreamTraffic(session, e.Stream) { Other = opener };
            opener.Other = traffic;
            _streams.Add(traffic);
            traffic.Start();
            return;
        }

        if (e.Kind == SessionEventKind.StreamOver && e.Stream!.IsOurs)
            OwnStreams--;
        ((StreamTraffic)e.Stream!.Tag!).Handle(e);
    }
}
