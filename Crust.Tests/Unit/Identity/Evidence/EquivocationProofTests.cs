using System.Text;
using System.Text.Json.Nodes;
using Crust.Identity.Evidence;
using FluentAssertions;
using Xunit;
using static Crust.Tests.Unit.Identity.Evidence.Exports;

namespace Crust.Tests.Unit.Identity.Evidence;

public class EquivocationProofTests
{
    [Fact]
    public void OneNumber_WithTwoContents_IsProof()
    {
        var yes = Batch(Exports.Session(), 1, Said.Message("yes"), Said.Message("same"));
        var no = Batch(Exports.Session(), 1, Said.Message("no"), Said.Message("same"));

        Proof(yes[0], no[0]).Ground.Should().Be(EquivocationGround.TwoContents);
        Proof(no[0], yes[0]).Ground.Should().Be(EquivocationGround.TwoContents);
        Proof(yes[1], no[1]).Ground.Should().Be(EquivocationGround.TwoStatements, "what these two say is the same, what was signed with them is not");
        Proof(yes[0], no[1]).Ground.Should().Be(EquivocationGround.TwoStatements);
    }

    [Fact]
    public void OneNumber_UnderAnyOtherField_IsProof()
    {
        Said[] others =
        [
            Said.Message("one", "q"), new(SignedContent.StreamData, "chat/1", 0, 0, "one"u8.ToArray()),
            new(SignedContent.StreamData, "chat/1", 1, 0, "one"u8.ToArray()), new(SignedContent.StreamData, "chat/1", 1, 1, "one"u8.ToArray()),
        ];
        SignedMessage[] all = [.. others.Prepend(Said.Message("one")).Select(said => Batch(Exports.Session(), 1, said)[0])];
        foreach (var (a, b) in from a in all from b in all where a != b select (a, b))
            Proof(a, b).Ground.Should().Be(EquivocationGround.TwoContents);
    }

    [Fact]
    public void OneFirstNumber_UnderTwoStatements_IsProof()
    {
        var at1 = Batch(Exports.Session(), 1, Said.Message("a"))[0];
        var at2 = Batch(Exports.Session(), 2, Said.Message("a"))[0];
        var longer = Batch(Exports.Session(), 1, Said.Message("a"), Said.Message("b"));

        Proof(at1, at2).Ground.Should().Be(EquivocationGround.TwoStatements, "one of them has another time");
        Proof(at1, longer[0]).Ground.Should().Be(EquivocationGround.TwoStatements);
        Proof(at1, longer[1]).Ground.Should().Be(EquivocationGround.TwoStatements, "the second message's batch has the first one's number, too");
        Proof(at1, Batch(Exports.Session(receiver: Carol), 1, Said.Message("a"))[0]).Ground.Should().Be(EquivocationGround.TwoStatements, "a session has one receiver");
    }

    [Fact]
    public void OverlappingStatements_WithDifferentBeginnings_AreProof()
    {
        Said[] said = [Said.Message("a"), Said.Message("b"), Said.Message("c")];
        var whole = Batches(Exports.Session(), 1, said)[0];
        var parts = Batches(Exports.Session(), 1, said[..1], said[1..]);
        Proof(whole[0], parts[1][1]).Ground.Should().Be(EquivocationGround.TwoStatements);
        Proof(whole[2], parts[1][1]).Ground.Should().Be(EquivocationGround.TwoStatements);
    }

    [Fact]
    public void WhatAnHonestSenderSigns_IsNoProof()
    {
        var batches = Batches(Exports.Session(), 1, [Said.Message("a"), Said.Message("a")], [Said.Message("b")]);
        NoProof(batches[0][0], batches[0][0], "it is the same message");
        NoProof(batches[0][0], SignedMessage.Parse(batches[0][0].ToBytes()), "it is the same message");
        NoProof(batches[0][0], batches[0][1], "they are two messages of one batch");
        NoProof(batches[0][0], batches[1][0], "they are of two batches in turn");
        NoProof(batches[0][1], batches[1][0], "they are of two batches in turn");
        NoProof(batches[0][0], Batch(Exports.Session(session: 2), 1, Said.Message("other"))[0], "they are of two sessions");
        NoProof(batches[0][0], Batch(Exports.Session(network: "other"), 1, Said.Message("other"))[0], "they are of two networks");
        NoProof(batches[0][0], Batch(Exports.Session(Bob, Alice), 1, Said.Message("other"))[0], "they are of two senders");
    }

    [Fact]
    public void AForgedHalf_IsNoProof()
    {
        var good = Batch(Exports.Session(), 1, Said.Message("yes"))[0];
        var json = good.ToJson().Replace(Convert.ToBase64String("yes"u8), Convert.ToBase64String("no!"u8), StringComparison.Ordinal);
        var forged = SignedMessage.Parse(json);
        forged.Verify().Should().BeFalse();
        NoProof(good, forged, "the second is not signed");
        NoProof(forged, good, "the first is not signed");
        new EquivocationProof(good, forged).Ground.Should().Be(EquivocationGround.TwoContents, "the ground says nothing of signatures");
    }

    [Fact]
    public void BothForms_ReadBackTheSame_AndNothingElseDoes()
    {
        var proof = Proof(Batch(Exports.Session(), 1, Said.Message("yes"))[0], Batch(Exports.Session(), 1, Said.Message("no"), Said.Message("x"))[0]);
        var (bytes, json) = (proof.ToBytes(), proof.ToJson());
        EquivocationProof.Parse(bytes).ToBytes().Should().Equal(bytes);
        EquivocationProof.Parse(json).ToBytes().Should().Equal(bytes);
        EquivocationProof.TryVerify(Encoding.UTF8.GetBytes(json), out _).Should().BeTrue();
        var (first, second) = (proof.First.ToBytes(), proof.Second.ToBytes());
        bytes.Should().Equal([0x8C, .. "crust"u8, (byte)'e', 1, .. StraightLine.U64((ulong)first.Length)[4..], .. first, .. StraightLine.U64((ulong)second.Length)[4..], .. second]);

        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x40;
            EquivocationProof.TryVerify(bytes, out _).Should().BeFalse("byte {0} was changed", i);
            bytes[i] ^= 0x40;
            EquivocationProof.TryParse(bytes.AsSpan(0, i), out _).Should().BeFalse();
        }

        EquivocationProof.TryParse([.. bytes, 0], out _).Should().BeFalse();
        EquivocationProof.TryParse(proof.First.ToBytes(), out _).Should().BeFalse();
        EquivocationProof.TryParse(proof.First.ToJson(), out _).Should().BeFalse();
        SignedMessage.TryParse(bytes, out _).Should().BeFalse();
        SignedMessage.TryParse(json, out _).Should().BeFalse();
        foreach (var property in new[] { "type", "version", "first", "second" })
        {
            var without = JsonNode.Parse(json)!.AsObject();
            without.Remove(property);
            EquivocationProof.TryParse(without.ToJsonString(), out _).Should().BeFalse();
        }

        EquivocationProof.TryParse($"{{ \"third\": 1, {json.TrimStart('{')}", out _).Should().BeFalse();
        EquivocationProof.TryParse(json.Replace("\"version\": 1,\n  \"first\"", "\"version\": 2,\n  \"first\"", StringComparison.Ordinal), out _).Should().BeFalse();
        FluentActions.Invoking(() => EquivocationProof.Parse("{}")).Should().Throw<FormatException>();
        FluentActions.Invoking(() => EquivocationProof.Parse(proof.First.ToBytes())).Should().Throw<FormatException>().WithMessage("*not an equivocation proof*");
    }

    private static EquivocationProof Proof(SignedMessage a, SignedMessage b)
    {
        EquivocationProof.TryCreate(a, b, out var proof).Should().BeTrue();
        proof!.Verify().Should().BeTrue();
        EquivocationProof.TryVerify(proof.ToBytes(), out _).Should().BeTrue();
        return proof;
    }

    private static void NoProof(SignedMessage a, SignedMessage b, string because)
    {
        EquivocationProof.TryCreate(a, b, out var proof).Should().BeFalse(because);
        proof.Should().BeNull();
        EquivocationProof.TryVerify(new EquivocationProof(a, b).ToBytes(), out _).Should().BeFalse(because);
    }
}
