using System.Text;
using Crust.Identity;
using Crust.Identity.Evidence;
using Crust.Session;
using Crust.Session.Frames;

namespace Crust.Tests.Unit.Identity.Evidence;

/// <summary>Signed messages as a session exports them: signed by the signer, verified by the verifier, taken from its evidence.</summary>
internal static class Exports
{
    internal const string Network = "evidence";

    internal static readonly PeerIdentity Alice = PeerIdentity.FromSeed([.. Enumerable.Repeat((byte)11, 32)]);
    internal static readonly PeerIdentity Bob = PeerIdentity.FromSeed([.. Enumerable.Repeat((byte)12, 32)]);
    internal static readonly PeerIdentity Carol = PeerIdentity.FromSeed([.. Enumerable.Repeat((byte)13, 32)]);

    internal static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    /// <summary>A session from one peer to another.</summary>
    internal static (SessionParameters Sender, SessionParameters Receiver) Session(
        PeerIdentity? sender = null, PeerIdentity? receiver = null, byte session = 1, string network = Network) =>
        (Parameters(sender ?? Alice, (receiver ?? Bob).Id, session, network), Parameters(receiver ?? Bob, (sender ?? Alice).Id, session, network));

    /// <summary>What one batch of such a session exports, in order.</summary>
    internal static SignedMessage[] Batch((SessionParameters Sender, SessionParameters Receiver) session, ulong unixMilliseconds, params Said[] said) =>
        Batches(session, unixMilliseconds, said)[0];

    /// <summary>What several batches export that follow one another.</summary>
    internal static SignedMessage[][] Batches((SessionParameters Sender, SessionParameters Receiver) session, ulong unixMilliseconds, params Said[][] batches)
    {
        var (signer, verifier, number) = (new BatchSigner(session.Sender), new BatchVerifier(session.Receiver), 0UL);
        var exports = new List<SignedMessage[]>();
        foreach (var batch in batches)
        {
            var first = number + 1;
            foreach (var said in batch)
            {
                signer.Gather(said.Leaf(++number), said.Payload);
                if (!verifier.TryGather(said.Leaf(number), said.Payload))
                    throw new InvalidOperationException("The leaf is out of turn.");
            }

            var signed = signer.Sign(unixMilliseconds);
            if (!verifier.TryVerify(new BatchFrame(signed.First, signed.Count, signed.UnixMilliseconds, signed.Signature), out var evidence))
                throw new InvalidOperationException("The statement is not good.");
            exports.Add([.. batch.Select((said, i) => evidence!.Export(said.Leaf(first + (ulong)i), said.Payload))]);
        }

        return [.. exports];
    }

    /// <summary>One message of each kind and some lengths, of one batch.</summary>
    internal static SignedMessage[] OfEveryKind() => Batch(
        Session(),
        1_800_000_000_123,
        Said.Message("hello"),
        new Said(SignedContent.StreamOpen, "files/1", 4, 0, []),
        new Said(SignedContent.StreamData, "files/1", 4, 0, [.. Enumerable.Range(0, 900).Select(i => (byte)(i % 256))]),
        new Said(SignedContent.StreamData, "files/1", 4, 900, [7]),
        new Said(SignedContent.StreamFinish, "files/1", 4, 901, []),
        new Said(SignedContent.StreamReset, "files/1", 6, 0, StraightLine.U64(404)),
        new Said(SignedContent.StreamStop, new string('x', 64), ulong.MaxValue, 0, StraightLine.U64(ulong.MaxValue)),
        new Said(SignedContent.Message, "~ \"\\<", 0, 0, []));

    private static SessionParameters Parameters(PeerIdentity self, PeerId remote, byte session, string network) => new(
        self, remote, NetworkId.FromName(network), [.. Enumerable.Repeat(session, 32)], Secret, true, true, SessionLimits.Default);

    /// <summary>One thing that a peer says.</summary>
    internal sealed record Said(SignedContent Kind, string Protocol, ulong StreamId, ulong Offset, byte[] Payload)
    {
        private readonly byte[] _protocol = Encoding.ASCII.GetBytes(Protocol);

        internal static Said Message(string text, string protocol = "chat/1") => new(SignedContent.Message, protocol, 0, 0, Encoding.UTF8.GetBytes(text));

        internal Leaf Leaf(ulong number) => new(Kind, _protocol, StreamId, number, Offset);
    }
}
