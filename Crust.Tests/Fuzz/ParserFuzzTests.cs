using System.Net;
using System.Text;
using Crust.Identity;
using Crust.Session.Records;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Fuzz;

/// <summary>Whatever comes in, a parser says yes or no; and what it accepts it writes the same again.</summary>
public sealed class ParserFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 4711;
    private const int Cases = 20_000;

    private static readonly PeerIdentity Identity = PeerIdentity.FromSeed(Enumerable.Repeat((byte)3, 32).ToArray());
    private static readonly NetworkId Network = NetworkId.FromName("fuzz");
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000);

    [Fact]
    public void PeerRecord_RefusesEveryMutation()
    {
        PeerAddress[] addresses =
        [
            new(TransportKind.Tcp, IPEndPoint.Parse("203.0.113.7:4000"), Identity.Id), new(TransportKind.Utp, IPEndPoint.Parse("[2001:db8::1]:5000"), Identity.Id),
        ];
        byte[][] corpus = [Record([]), Record(addresses), Record([.. Enumerable.Repeat(addresses[1], PeerRecord.MaxAddresses)])];

        Run(corpus, bytes =>
        {
            if (!PeerRecord.TryVerify(bytes, Network, out var record))
                return false;
            _ = record!.IsCurrent(Now);
            corpus.Should().ContainEquivalentOf(bytes, "only what was signed verifies");
            return true;
        });

        static byte[] Record(IReadOnlyList<PeerAddress> list) => new PeerRecord(Identity.Id, 1, Now + TimeSpan.FromHours(1), 0, list).Sign(Identity, Network);
    }

    [Fact]
    public void PeerRecord_KeepsItsBounds_WhenItsOwnPeerSignsNonsense()
    {
        // The signature is good here: a hostile peer signs what it likes.
        var valid = new PeerRecord(Identity.Id, 1, Now + TimeSpan.FromHours(1), 0, [new PeerAddress(TransportKind.Tcp, IPEndPoint.Parse("203.0.113.7:4000"), Identity.Id)])
            .Sign(Identity, Network);

        Run([valid[..^64]], body =>
        {
            byte[] signed = [.. body, .. Statement.Sign(Identity, Statement.Record, Network, body)];
            if (!PeerRecord.TryVerify(signed, Network, out var record))
                return false;
            record!.Addresses.Count.Should().BeLessThanOrEqualTo(PeerRecord.MaxAddresses);
            _ = record.IsCurrent(Now);
            return true;
        });
    }

    [Fact]
    public void Attachment_RefusesEveryMutation()
    {
        var valid = Attachment.Sign(Identity, Network, PeerIdentity.FromSeed(new byte[32]).Id, 5, Now);

        Run([valid], bytes =>
        {
            if (!Attachment.TryVerify(bytes, Network, out var attachment))
                return false;
            _ = attachment!.IsFresh(Now);
            bytes.Should().Equal(valid);
            return true;
        });
    }

    [Fact]
    public void PeerAddress_SaysNo_OrTheSameAgain()
    {
        string[] texts =
        [
            $"tcp://203.0.113.7:41234/{Identity.Id}", $"utp://[2001:db8::1]:65535/{Identity.Id}", $"tcp://[::ffff:1.2.3.4]:1/{Identity.Id}", $"tcp://[fe80::1%2]:1/{Identity.Id}",
        ];

        Run([.. texts.Select(Encoding.Latin1.GetBytes)], bytes =>
        {
            if (!PeerAddress.TryParse(Encoding.Latin1.GetString(bytes), out var address))
                return false;
            PeerAddress.TryParse(address.ToString(), out var again).Should().BeTrue();
            again.Should().Be(address);
            return true;
        });
    }

    [Fact]
    public void PeerId_SaysNo_OrTheSameAgain()
    {
        Run([Encoding.Latin1.GetBytes(Identity.Id.ToString())], bytes =>
        {
            if (!PeerId.TryParse(Encoding.Latin1.GetString(bytes), null, out var id))
                return false;
            PeerId.Parse(id.ToString(), null).Should().Be(id);
            return true;
        });
        Run([Identity.Id.ToByteArray()], bytes => PeerId.TryFromBytes(bytes, out var id) && id.ToByteArray().SequenceEqual(bytes));
    }

    [Fact]
    public void RecordHeader_SaysNo_OrTheSameAgain() =>
        Run([[0, 0, 0, 1], [1, 0, 16, 0], [2, 0, 0, 16], [3, 0, 255, 255], [2, 1, 0, 0], [1, 5, 20, 0]], bytes =>
        {
            Span<byte> header = stackalloc byte[RecordHeader.Length];
            bytes.AsSpan(0, Math.Min(bytes.Length, header.Length)).CopyTo(header);
            if (!RecordHeader.TryRead(header, out var read))
                return false;
            read.BodyLength.Should().BeInRange(1, read.IsHandshake ? RecordHeader.MaxHandshakeLength : RecordHeader.MaxDataLength);
            Span<byte> again = stackalloc byte[RecordHeader.Length];
            read.Write(again);
            again.SequenceEqual(header).Should().BeTrue();
            return true;
        });

    private void Run(IReadOnlyList<byte[]> corpus, Func<byte[], bool> accepts)
    {
        var mutator = new Mutator(Seed, corpus);
        var accepted = 0;
        for (var i = 0; i < Cases; i++)
            accepted += accepts(mutator.Next()) ? 1 : 0;
        output.WriteLine($"seed={Seed}: {Cases} cases, {accepted} accepted");
    }
}
