using System.Text;
using Crust.Gateway.Files;
using Crust.GatewayProtocol;
using Crust.Identity;
using Crust.Identity.Evidence;
using Crust.Session.Frames;
using Crust.Session.Handshakes;
using Crust.Tests.Simulation;
using Crust.Wire;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Fuzz;

/// <summary>
/// Mutations of what real nodes said, over every parser that hears a stranger: none throws, and what one accepts it would have written the same way. The corpus is remade by
/// <see cref="CorpusRecorder"/>. Twenty times as many with <c>CRUST_FULL=1</c>.
/// </summary>
public sealed class CaptureFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 90_210;

    private static readonly int Times = Environment.GetEnvironmentVariable("CRUST_FULL") == "1" ? 20 : 1;

    private static IReadOnlyList<Capture> Sessions => [.. Capture.Read(CorpusRecorder.SessionFile(true)), .. Capture.Read(CorpusRecorder.SessionFile(false))];

    private static IReadOnlyList<Capture> Hops => [.. Capture.Read(HopRecorder.File(true)), .. Capture.Read(HopRecorder.File(false))];

    /// <summary>Otherwise the fuzzers would look into a world that is no more.</summary>
    [Fact]
    public void TheCorpus_IsStillWhatNodesSay()
    {
        var frames = Of(Sessions, CaptureKind.ToNode, CaptureKind.FromNode).Select(r => FrameWalk.Describe(r)).ToArray();
        string[] words = ["StreamOpen", "StreamData", "StreamFinish", "StreamReset", "StreamStop"];
        words.Where(word => !Array.Exists(frames, frame => frame.Contains(word, StringComparison.Ordinal))).Should().BeEmpty($"else: {CorpusRecorder.Verb}");
        Of(Sessions, CaptureKind.Payload1).Should().OnlyContain(p => IsOffer(p)).And.HaveCount(2);
        Of(Sessions, CaptureKind.Payload2).Should().OnlyContain(p => IsReply(p)).And.HaveCount(2);
        Of(Capture.Read("evidence.bin"), CaptureKind.Evidence, CaptureKind.EvidenceJson).Should().OnlyContain(e => IsEvidence(e)).And.HaveCountGreaterThan(4);
        Of(Capture.Read("gateway.bin"), CaptureKind.PeerRecord).Should().OnlyContain(r => IsStatement(CaptureKind.PeerRecord, r)).And.NotBeEmpty();
        Of(Capture.Read("gateway.bin"), CaptureKind.Attachment).Should().OnlyContain(a => IsStatement(CaptureKind.Attachment, a)).And.NotBeEmpty();
        Of(Capture.Read("gateway.bin"), CaptureKind.Envelope).Should().OnlyContain(e => IsEnvelope(e)).And.HaveCountGreaterThan(2);
        Of(Capture.Read("files.bin"), CaptureKind.FileToReceiver, CaptureKind.FileToSender).Should().OnlyContain(m => IsFileMessage(m)).And.HaveCountGreaterThan(10);
    }

    /// <summary>A new kind of frame needs a capture, so that it is mutated too, and a line in <see cref="TryReadFrame"/>.</summary>
    [Theory]
    [InlineData(CaptureKind.ToNode)]
    [InlineData(CaptureKind.FromNode)]
    internal void EveryKindOfFrame_WasSaidAndHeard(CaptureKind direction)
    {
        var seen = new HashSet<FrameType>();
        foreach (var record in Of([.. Sessions, .. Hops], direction))
        {
            var reader = new SpanReader(record);
            while (!reader.Rest.IsEmpty)
            {
                var type = (FrameType)reader.Rest[0];
                TryReadFrame(ref reader, out _).Should().BeTrue($"{type} can be read again");
                seen.Add(type);
            }
        }

        // The node's own time does not jump, so that it is never idle.
        if (direction == CaptureKind.FromNode)
            seen.Add(FrameType.CreditReturn);
        Enum.GetValues<FrameType>().Except(seen).Should().BeEmpty($"else: {CorpusRecorder.Verb}");
    }

    [Fact]
    public void Frames() => Run(Of([.. Sessions, .. Hops], CaptureKind.ToNode, CaptureKind.FromNode), 90_000, record =>
    {
        var reader = new SpanReader(record);
        while (!reader.Rest.IsEmpty)
        {
            var before = reader.Rest;
            if (!TryReadFrame(ref reader, out var again))
                return false;
            before[..(before.Length - reader.Rest.Length)].SequenceEqual(again).Should().BeTrue("a frame has one encoding");
        }

        return true;
    });

    [Fact]
    public void HandshakePayloads()
    {
        Run([.. Of(Sessions, CaptureKind.Payload1), .. Of(Capture.Read("dialled.bin"), CaptureKind.Payload1)], 10_000, IsOffer);
        Run(Of(Sessions, CaptureKind.Payload2), 10_000, IsReply);
    }

    /// <summary>Whoever does not hold the keys can repeat a handshake message, and change nothing in it.</summary>
    [Fact]
    public void HandshakeMessages()
    {
        var dialled = Capture.Read("dialled.bin");
        foreach (var nodeIsLower in new[] { true, false })
        {
            // The recorder's place is taken, with its key and randomness.
            var (self, node) = nodeIsLower ? (CorpusRecorder.Higher, CorpusRecorder.Lower) : (CorpusRecorder.Lower, CorpusRecorder.Higher);
            var message1 = dialled[nodeIsLower ? 0 : 2].Bytes;
            Accepts1(message1).Should().BeTrue();
            Run([message1], 300, bytes => Accepts1(bytes) && Must(bytes.SequenceEqual(message1), "an altered message 1 is refused"));

            var session = Capture.Read(CorpusRecorder.SessionFile(nodeIsLower));
            var message2 = Of(session, CaptureKind.Message2).Single();
            HandshakePayload.TryRead(Of(session, CaptureKind.Payload1).Single(), out HandshakeOffer? offer).Should().BeTrue();
            Accepts2(message2).Should().BeTrue();
            Run([message2], 300, bytes => Accepts2(bytes) && Must(bytes.SequenceEqual(message2), "an altered message 2 is refused"));

            bool Accepts1(byte[] bytes)
            {
                using var handshake = new ResponderHandshake(self, CapturingPeer.Network, HandshakeRandomness.FromBytes(CapturingPeer.Randomness));
                return handshake.TryReadMessage1(bytes, out _);
            }

            bool Accepts2(byte[] bytes)
            {
                using var handshake = new InitiatorHandshake(self, node.Id, CapturingPeer.Network, offer!, HandshakeRandomness.FromBytes(CapturingPeer.Randomness));
                handshake.WriteMessage1(new byte[Crust.Session.Records.RecordHeader.MaxHandshakeLength]);
                var isGood = handshake.TryReadMessage2(bytes, out var result);
                result?.Dispose();
                return isGood;
            }
        }
    }

    [Fact]
    public void Statements()
    {
        foreach (var kind in new[] { CaptureKind.PeerRecord, CaptureKind.Attachment })
        {
            var corpus = Of(Capture.Read("gateway.bin"), kind);
            Run(corpus, 5_000, bytes => IsStatement(kind, bytes) && Must(corpus.Any(c => c.SequenceEqual(bytes)), "only what was signed verifies"));
        }
    }

    [Fact]
    public void Evidence()
    {
        var corpus = Of(Capture.Read("evidence.bin"), CaptureKind.Evidence);
        Run([.. corpus, .. Of(Capture.Read("evidence.bin"), CaptureKind.EvidenceJson)], 10_000, bytes =>
        {
            if (!SignedMessage.TryParse(bytes, out var message))
                return false;
            return message.Verify() && Must(corpus.Any(c => c.SequenceEqual(message.ToBytes())), "only what was signed verifies");
        });
    }

    [Fact]
    public void Envelopes() => Run(Of(Capture.Read("gateway.bin"), CaptureKind.Envelope), 10_000, IsEnvelope);

    [Fact]
    public void FileMessages() => Run(Of(Capture.Read("files.bin"), CaptureKind.FileToReceiver, CaptureKind.FileToSender), 20_000, IsFileMessage);

    private static bool Must(bool holds, string otherwise)
    {
        holds.Should().BeTrue(otherwise);
        return true;
    }

    private static List<byte[]> Of(IEnumerable<Capture> captures, params CaptureKind[] kinds) => [.. captures.Where(c => kinds.Contains(c.Kind)).Select(c => c.Bytes)];

    private static bool IsOffer(byte[] bytes)
    {
        if (!HandshakePayload.TryRead(bytes, out HandshakeOffer? offer))
            return false;
        var again = CapturingPeer.Payload(span => HandshakePayload.Write(offer!, span));
        bytes.AsSpan(0, again.Length).SequenceEqual(again).Should().BeTrue("an offer has one encoding, but for what a later version puts behind it");
        return true;
    }

    private static bool IsReply(byte[] bytes)
    {
        if (!HandshakePayload.TryRead(bytes, out HandshakeReply? reply))
            return false;
        var again = CapturingPeer.Payload(span => HandshakePayload.Write(reply!, span));
        bytes.AsSpan(0, again.Length).SequenceEqual(again).Should().BeTrue();
        return true;
    }

    private static bool IsStatement(CaptureKind kind, byte[] bytes) => kind == CaptureKind.PeerRecord
        ? PeerRecord.TryVerify(bytes, CapturingPeer.Network, out _)
        : Attachment.TryVerify(bytes, CapturingPeer.Network, out _);

    private static bool IsEvidence(byte[] bytes) => SignedMessage.TryParse(bytes, out var message) && message.Verify();

    private static bool IsEnvelope(byte[] bytes) => GatewayCodec.TryParse(bytes, out _);

    private static bool IsFileMessage(byte[] bytes) =>
        FileCodec.IsReceipt(bytes) ? Receipt.TryParse(bytes) is not null : FileCodec.IsChunk(bytes) ? FileCodec.TryReadChunk(bytes, out _) : FileCodec.Read(bytes) is not null;

    /// <summary>Reads a frame and writes it again.</summary>
    private static bool TryReadFrame(ref SpanReader reader, out byte[] again)
    {
        var whole = reader.Rest;
        scoped var writer = new SpanWriter(new byte[whole.Length + 16]);
        again = [];
        if (!reader.TryReadByte(out var type))
            return false;
        switch ((FrameType)type)
        {
            case FrameType.Protocol when ProtocolFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.Entry when EntryFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.Begin when BeginFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.More when MoreFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.End when EndFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.Batch when BatchFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.Acknowledge when AcknowledgeFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.Refuse when RefuseFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.StreamCredit when StreamCreditFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.Datagram when DatagramFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.Nominate when NominateFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.Ping or FrameType.Pong when reader.TryReadUInt64(out var token):
                writer.WriteByte(type);
                writer.WriteUInt64(token);
                break;
            case FrameType.LinkRequest when LinkRequestFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.CreditReturn when CreditReturnFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.CircuitOpen when CircuitOpenFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.CircuitData when CircuitDataFrame.TryRead(ref reader, out var f):
                f.Data.CopyTo(CircuitDataFrame.Reserve(ref writer, f.Id, f.Data.Length));
                break;
            case FrameType.CircuitCredit when CircuitCreditFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.CircuitClose when CircuitCloseFrame.TryRead(ref reader, out var f):
                f.Write(ref writer);
                break;
            case FrameType.Goodbye when GoodbyeFrame.TryRead(ref reader, out var f):
                // Its reason is made fit for a log when it is read: what was said is another thing, and what is read is harmless for good.
                Must(GoodbyeFrame.Sanitize(Encoding.UTF8.GetBytes(f.Reason)) == f.Reason, "a reason that was read is harmless");
                again = whole[..^reader.Rest.Length].ToArray();
                return true;
            default:
                return false;
        }

        again = writer.Written.ToArray();
        return true;
    }

    private void Run(IReadOnlyList<byte[]> corpus, int cases, Func<byte[], bool> accepts)
    {
        var mutator = new Mutator(Seed, corpus);
        var accepted = 0;
        for (var i = 0; i < cases * Times; i++)
            accepted += accepts(mutator.Next()) ? 1 : 0;
        output.WriteLine($"seed={Seed}: {cases * Times} cases of {corpus.Count} captures, {accepted} accepted");
    }
}
