using System.Text;
using System.Text.Json.Nodes;
using Crust.Cryptography;
using Crust.Identity;
using Crust.Identity.Evidence;
using Crust.Session;
using Crust.Session.Frames;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Identity.Evidence;

public class SignedMessageTests
{
    private static readonly SignedMessage Hello = Exports.OfEveryKind()[0];

    [Fact]
    public void Export_IsWhatWasSaid_AndVerifies_BesideASecondProgram()
    {
        var exports = Exports.OfEveryKind();
        var leaves = exports.SelectMany((m, i) => StraightLine.Leaf(
            StraightLine.Salt(Exports.Secret, Exports.Alice.Id, (ulong)i + 1), m.Kind, m.Protocol, m.StreamId, (ulong)i + 1, m.Offset, m.Payload.ToArray())).ToArray();
        var signed = StraightLine.Signed(
            Exports.Network, Exports.Alice.Id, Exports.Bob.Id, [.. Enumerable.Repeat((byte)1, 32)], 1, 8, new byte[32], 1_800_000_000_123, StraightLine.Root(leaves));

        for (var i = 0; i < exports.Length; i++)
        {
            var message = exports[i];
            message.Verify().Should().BeTrue();
            message.Verify(Exports.Alice.Id).Should().BeTrue();
            message.Verify(Exports.Bob.Id).Should().BeFalse();
            (message.Sender, message.Receiver, message.Network).Should().Be((Exports.Alice.Id, Exports.Bob.Id, NetworkId.FromName(Exports.Network)));
            (message.Number, message.BatchFirst, message.BatchCount, message.UnixMilliseconds).Should().Be(((ulong)i + 1, 1UL, 8, 1_800_000_000_123));
            message.SessionId.ToArray().Should().Equal(Enumerable.Repeat((byte)1, 32));
            message.PreviousHash.ToArray().Should().Equal(new byte[32]);
            message.Salt.ToArray().Should().Equal(StraightLine.Salt(Exports.Secret, Exports.Alice.Id, (ulong)i + 1));
            message.AuditPath.ToArray().Should().Equal(StraightLine.Path(i, leaves));
            Ed25519.Verify(signed, message.Signature.Span, Exports.Alice.Id.ToByteArray()).Should().BeTrue();
        }

        Encoding.UTF8.GetString(exports[0].Payload.Span).Should().Be("hello");
        (exports[3].Kind, exports[3].Protocol, exports[3].StreamId, exports[3].Offset).Should().Be((SignedContent.StreamData, "files/1", 4UL, 900UL));
        exports[0].ClaimedTime.Should().Be(DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_123));
    }

    [Fact]
    public void TheSecondBatch_NamesTheFirst()
    {
        var batches = Exports.Batches(Exports.Session(), 5, [Exports.Said.Message("one")], [Exports.Said.Message("two"), Exports.Said.Message("three")]);
        var statement = Statement.Bytes(Statement.Batch, batches[0][0].Network, batches[0][0].StatementBody());
        batches[1][1].PreviousHash.ToArray().Should().Equal(Blake3.Hash(statement));
        (batches[1][1].BatchFirst, batches[1][1].Number, batches[1][1].Verify()).Should().Be((2UL, 3UL, true));
    }

    [Fact]
    public void Export_OfAnythingElse_IsRefused()
    {
        var (session, said) = (Exports.Session(), Exports.Said.Message("one"));
        var (signer, verifier) = (new BatchSigner(session.Sender), new BatchVerifier(session.Receiver));
        signer.Gather(said.Leaf(1), said.Payload);
        verifier.TryGather(said.Leaf(1), said.Payload).Should().BeTrue();
        var batch = signer.Sign(1);
        verifier.TryVerify(new BatchFrame(1, 1, 1, batch.Signature), out var evidence).Should().BeTrue();

        evidence!.Export(said.Leaf(1), said.Payload).Verify().Should().BeTrue();
        FluentActions.Invoking(() => evidence.Export(said.Leaf(1), "won"u8)).Should().Throw<InvalidOperationException>("its buffer was used again");
        FluentActions.Invoking(() => evidence.Export(Exports.Said.Message("one", "q").Leaf(1), said.Payload)).Should().Throw<InvalidOperationException>();
        FluentActions.Invoking(() => evidence.Export(said.Leaf(2), said.Payload)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void BothForms_ReadBackTheSame()
    {
        foreach (var message in Exports.OfEveryKind())
        {
            var bytes = message.ToBytes();
            SignedMessage.Parse(bytes).ToBytes().Should().Equal(bytes);
            SignedMessage.TryVerify(bytes, out _).Should().BeTrue();
            SignedMessage.TryVerify(bytes, Exports.Alice.Id, out _).Should().BeTrue();
            SignedMessage.TryVerify(bytes, Exports.Bob.Id, out var none).Should().BeFalse();
            none.Should().BeNull();
            var json = message.ToJson();
            SignedMessage.Parse(json).ToBytes().Should().Equal(bytes);
            SignedMessage.Parse(json).ToJson().Should().Be(json);
            SignedMessage.TryParse(json, out var again).Should().BeTrue();
            again!.ToBytes().Should().Equal(bytes);
            SignedMessage.TryVerify(Encoding.UTF8.GetBytes("\r\n\t " + json + "\n"), out _).Should().BeTrue("white space is nothing");
        }
    }

    [Fact]
    public void Binary_IsLaidOutAsDocumented()
    {
        var m = Exports.OfEveryKind()[3];
        m.ToBytes().Should().Equal(
        [
            0x8C, .. "crust"u8, (byte)'m', 1, .. m.Network.ToByteArray(), .. m.Sender.ToByteArray(), .. m.Receiver.ToByteArray(), .. m.SessionId.Span,
            .. StraightLine.U64(1), 0, 0, 0, 8, .. m.PreviousHash.Span, .. StraightLine.U64(1_800_000_000_123), .. m.Signature.Span,
            3, 7, .. "files/1"u8, .. StraightLine.U64(4), .. StraightLine.U64(4), .. StraightLine.U64(900), .. m.Salt.Span,
            3, .. m.AuditPath.Span, 0, 0, 0, 1, 7,
        ]);
    }

    [Fact]
    public void Binary_WithAnyBitChanged_OrAnyPartMissing_IsRefused()
    {
        foreach (var message in (SignedMessage[])[Hello, Exports.OfEveryKind()[2], Exports.Batch(Exports.Session(), 1, Exports.Said.Message(""))[0]])
        {
            var bytes = message.ToBytes();
            for (var i = 0; i < bytes.Length; i++)
            {
                for (var bit = 0; bit < 8; bit++)
                {
                    bytes[i] ^= (byte)(1 << bit);
                    SignedMessage.TryVerify(bytes, out _).Should().BeFalse("bit {0} of byte {1} was changed", bit, i);
                    bytes[i] ^= (byte)(1 << bit);
                }

                SignedMessage.TryParse(bytes.AsSpan(0, i), out _).Should().BeFalse("only {0} bytes are there", i);
            }

            SignedMessage.TryParse([.. bytes, 0], out _).Should().BeFalse("something follows");
            SignedMessage.TryVerify(bytes, out _).Should().BeTrue();
        }
    }

    [Theory]
    [InlineData("type", "\"crust equivocation proof\"", "not a signed message")]
    [InlineData("version", "2", "version 2")]
    [InlineData("version", "1.0", "line 3")]
    [InlineData("network", "\"00\"", "hexadecimal")]
    [InlineData("network", "null", "line")]
    [InlineData("sender", "\"nobody\"", "peer id")]
    [InlineData("receiver", "\"\"", "peer id")]
    [InlineData("session", "\"xy\"", "hexadecimal")]
    [InlineData("kind", "\"Message\"", "kind")]
    [InlineData("kind", "\"stream-open\"", "length")]
    [InlineData("kind", "1", "line")]
    [InlineData("protocol", "\"\"", "1 to 64")]
    [InlineData("protocol", "\"01234567890123456789012345678901234567890123456789012345678901234\"", "1 to 64")]
    [InlineData("protocol", "\"\\u001b[2J\"", "printable")]
    [InlineData("protocol", "\"caf\\u00e9\"", "printable")]
    [InlineData("streamId", "1", "no stream")]
    [InlineData("offset", "1", "no stream")]
    [InlineData("offset", "-1", "line")]
    [InlineData("number", "0", "number")]
    [InlineData("number", "9", "number")]
    [InlineData("number", "\"1\"", "line")]
    [InlineData("number", "1e0", "line")]
    [InlineData("number", "18446744073709551616", "line")]
    [InlineData("payload", "\"!\"", "line")]
    [InlineData("salt", "\"000102030405060708090a0b0c0d0e\"", "hexadecimal")]
    [InlineData("batchFirst", "0", "begin with 1")]
    [InlineData("batchFirst", "18446744073709551615", "beyond every number")]
    [InlineData("batchCount", "0", "1 to 1,024")]
    [InlineData("batchCount", "1025", "1 to 1,024")]
    [InlineData("batchCount", "4", "audit path")]
    [InlineData("previous", "[]", "line")]
    [InlineData("signature", "\"\"", "hexadecimal")]
    [InlineData("auditPath", "[]", "audit path")]
    [InlineData("auditPath", "[null, null, null]", "hexadecimal")]
    [InlineData("auditPath", "[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]", "hexadecimal")]
    public void Json_ThatIsNoSignedMessage_IsRefused_AndSaysWhy(string property, string value, string why)
    {
        var lines = Hello.ToJson().Split('\n').Select(line => line.TrimEnd('\r')).ToList();
        var at = lines.FindIndex(line => line.StartsWith($"  \"{property}\":", StringComparison.Ordinal));
        var last = property == "auditPath" ? lines.Count - 2 : at;
        lines.RemoveRange(at, last - at + 1);
        lines.Insert(at, $"  \"{property}\": {value}{(property == "auditPath" ? "" : ",")}");
        var json = string.Join('\n', lines);

        SignedMessage.TryParse(json, out _).Should().BeFalse();
        FluentActions.Invoking(() => SignedMessage.Parse(json)).Should().Throw<FormatException>().Which.Message.Should().Contain(why).And.NotContain("\u001b");
    }

    [Fact]
    public void Json_IsReadStrictly()
    {
        var json = Hello.ToJson();
        var properties = JsonNode.Parse(json)!.AsObject().Select(property => property.Key).ToArray();
        properties.Should().Equal(
            "type", "version", "network", "sender", "receiver", "session", "kind", "protocol", "streamId", "number", "offset", "payload", "salt", "batchFirst", "batchCount",
            "previous", "unixMilliseconds", "signature", "auditPath");
        foreach (var property in properties)
        {
            var without = JsonNode.Parse(json)!.AsObject();
            without.Remove(property);
            SignedMessage.TryParse(without.ToJsonString(), out _).Should().BeFalse("{0} is missing", property);
            var value = JsonNode.Parse(json)![property]!.ToJsonString();
            SignedMessage.TryParse($"{{ \"{property}\": {value}, {json.TrimStart('{')}", out _).Should().BeFalse("{0} is there twice", property);
            var renamed = JsonNode.Parse(json)!.AsObject();
            renamed.Remove(property);
            renamed[property.ToUpperInvariant()] = JsonNode.Parse(value);
            SignedMessage.TryParse(renamed.ToJsonString(), out _).Should().BeFalse("{0} has another name", property);
        }

        SignedMessage.TryParse($"{{ \"text\": 1, {json.TrimStart('{')}", out _).Should().BeFalse("a property is unknown");
        SignedMessage.TryParse(json + "{}", out _).Should().BeFalse("something follows");
        SignedMessage.TryParse(json.Replace("\n}", ",\n}", StringComparison.Ordinal), out _).Should().BeFalse("a comma hangs");
        SignedMessage.TryParse("/* */" + json, out _).Should().BeFalse("comments are not JSON");
        SignedMessage.TryParse(json[..^1], out _).Should().BeFalse();
        SignedMessage.TryParse("[" + json + "]", out _).Should().BeFalse();
        SignedMessage.TryParse("null", out _).Should().BeFalse();
        SignedMessage.TryParse((string?)null, out _).Should().BeFalse();
    }

    [Fact]
    public void TheLargestMessage_FitsBothForms_AndNothingLongerIsRead()
    {
        var payload = new byte[EvidenceLimits.MaxPayloadLength];
        new Random(1).NextBytes(payload);
        var message = Exports.Batch(
            Exports.Session(), ulong.MaxValue, [new(SignedContent.StreamData, new string('"', 64), ulong.MaxValue, ulong.MaxValue - (ulong)payload.Length, payload), .. Enumerable.Repeat(Exports.Said.Message(""), 1023)])[0];

        message.AuditPath.Length.Should().Be(AuditPath.MaxCount * 32);
        message.ClaimedTime.Should().BeNull();
        message.ToBytes().Length.Should().BeLessThanOrEqualTo(SignedMessage.MaxLength);
        Encoding.UTF8.GetByteCount(message.ToJson()).Should().BeLessThanOrEqualTo(SignedMessage.MaxJsonLength);
        SignedMessage.TryVerify(message.ToBytes(), out _).Should().BeTrue();
        SignedMessage.Parse(message.ToJson()).Verify().Should().BeTrue();
        Refuses([.. message.ToBytes(), .. new byte[4096]]);
        Refuses(Encoding.UTF8.GetBytes(message.ToJson().PadRight(SignedMessage.MaxJsonLength + 1)));
        SignedMessage.TryParse(message.ToJson().PadRight(SignedMessage.MaxJsonLength + 1), out _).Should().BeFalse();

        static void Refuses(byte[] encoded) =>
            FluentActions.Invoking(() => SignedMessage.Parse(encoded)).Should().Throw<FormatException>().WithMessage(EvidenceFormat.TooLong);
    }

    [Fact]
    public void Parse_SaysWhatIsWrong()
    {
        Says([], "does not begin");
        Says("no evidence at all"u8, "does not begin");
        Says([0x8C, .. "crust"u8], "does not begin");
        Says([0x8C, .. "crust"u8, (byte)'e', 1], "not a signed message");
        Says([0x8C, .. "crust"u8, (byte)'m', 2], "version 2");
        Says([0x8C, .. "crust"u8, (byte)'m', 1, 0], "cut off");
        Says("{"u8, "line 1");

        static void Says(ReadOnlySpan<byte> encoded, string why)
        {
            var bytes = encoded.ToArray();
            FluentActions.Invoking(() => SignedMessage.Parse(bytes)).Should().Throw<FormatException>().Which.Message.Should().Contain(why);
        }
    }

    [Fact]
    public void AnotherReceiverOrNetwork_IsNotWhatWasSigned()
    {
        var json = Hello.ToJson();
        Verifies(json.Replace(Exports.Bob.Id.ToString(), Exports.Carol.Id.ToString(), StringComparison.Ordinal)).Should().BeFalse();
        Verifies(json.Replace(Exports.Alice.Id.ToString(), Exports.Carol.Id.ToString(), StringComparison.Ordinal)).Should().BeFalse();
        Verifies(json.Replace(Hello.Network.Hex, NetworkId.FromName("other").Hex, StringComparison.Ordinal)).Should().BeFalse();
        Verifies(json).Should().BeTrue();

        static bool Verifies(string text) => SignedMessage.TryVerify(Encoding.UTF8.GetBytes(text), out _);
    }
}
