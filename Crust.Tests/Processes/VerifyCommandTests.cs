using System.Text;
using Crust.Identity.Evidence;
using Crust.Tests.Unit.Identity.Evidence;
using FluentAssertions;
using Xunit;
using Said = Crust.Tests.Unit.Identity.Evidence.Exports.Said;

namespace Crust.Tests.Processes;

public sealed class VerifyCommandTests : IDisposable
{
    private const string Hostile = "\u001b[2J\u001b]0;pwned\u0007\r\u202e line 2\n";

    private static readonly SignedMessage Message = Exports.Batch(Exports.Session(), 1_800_000_000_123, Said.Message(Hostile), Said.Message("other"))[0];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ASignedMessage_IsToldToPeople_WithoutObeyingIt(bool json)
    {
        await using var process = CrustProcess.Crust(_folder, "verify", Write(Message, json), "--sender", Exports.Alice.Id.ToString());
        (await process.ExitAsync()).Should().Be(0, process.ToString());
        process.Error.Should().BeEmpty();
        var text = string.Join('\n', process.Output);
        text.Should().Contain(Exports.Alice.Id.ToString()).And.Contain(Exports.Bob.Id.ToString()).And.Contain("chat/1")
            .And.Contain("2027-01-15 08:00:00.123 UTC").And.Contain($"{Encoding.UTF8.GetByteCount(Hostile)} bytes").And.Contain("\\u{1B}[2J").And.Contain("number 1 of session");
        text.Should().NotContainAny("\u001b", "\u0007", "\r", "\u202e");
    }

    [Fact]
    public async Task ASignedMessage_IsToldToMachines()
    {
        await using var process = CrustProcess.Crust(_folder, "verify", Write(Message, json: false), "--json");
        (await process.ExitAsync()).Should().Be(0, process.ToString());
        var verified = process.Events.Should().ContainSingle().Subject;
        (verified.Name, verified.Text("type"), verified.Text("kind"), verified.Text("protocol")).Should().Be(("verified", "message", "message", "chat/1"));
        (verified.Text("sender"), verified.Text("receiver")).Should().Be((Exports.Alice.Id.ToString(), Exports.Bob.Id.ToString()));
        (verified.Number("number"), verified.Number("bytes")).Should().Be((1, Message.Payload.Length));
        verified.Body.GetProperty("unixMilliseconds").GetUInt64().Should().Be(1_800_000_000_123);
    }

    [Fact]
    public async Task EveryKind_Verifies()
    {
        foreach (var message in Exports.OfEveryKind())
        {
            await using var process = CrustProcess.Crust(_folder, "verify", Write(message, json: message.Number % 2 == 0));
            (await process.ExitAsync()).Should().Be(0, process.ToString());
        }
    }

    [Fact]
    public async Task Out_WritesThePayload_AndNeverOverwrites()
    {
        var (file, target) = (Write(Message, json: true), _folder.PathOf("payload"));
        await using (var process = CrustProcess.Crust(_folder, "verify", file, "--out", target))
            (await process.ExitAsync()).Should().Be(0, process.ToString());
        File.ReadAllBytes(target).Should().Equal(Message.Payload.ToArray());

        File.WriteAllText(target, "mine");
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "verify", file, "--out", target), 1, "nothing is overwritten");
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "verify", file, "--out", file), 1, "nothing is overwritten");
        File.ReadAllText(target).Should().Be("mine");
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "verify", file, "--out", _folder.PathOf("no/such")), 1, "no/such");
    }

    [Fact]
    public async Task AnEquivocationProof_IsTold()
    {
        EquivocationProof.TryCreate(Message, Exports.Batch(Exports.Session(), 5, Said.Message("no"))[0], out var proof).Should().BeTrue();
        var (binary, json) = (_folder.PathOf("proof"), _folder.Write("proof.json", proof!.ToJson()));
        File.WriteAllBytes(binary, proof.ToBytes());
        await using (var process = CrustProcess.Crust(_folder, "verify", binary))
        {
            (await process.ExitAsync()).Should().Be(0, process.ToString());
            string.Join('\n', process.Output).Should().Contain(Exports.Alice.Id.ToString()).And.Contain("two different things as number 1").And.Contain("\"no\"").And.NotContain("\u001b");
        }

        await using (var process = CrustProcess.Crust(_folder, "verify", json, "--json", "--sender", Exports.Alice.Id.ToString()))
        {
            (await process.ExitAsync()).Should().Be(0, process.ToString());
            var verified = process.Events.Should().ContainSingle().Subject;
            (verified.Text("type"), verified.Text("ground"), verified.Body.GetProperty("messages").GetArrayLength()).Should().Be(("equivocation", "two-contents", 2));
        }

        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "verify", binary, "--out", _folder.PathOf("x")), 2, "--out");
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "verify", binary, "--sender", Exports.Bob.Id.ToString()), 1, "signed this, not");
        File.WriteAllBytes(binary, new EquivocationProof(Message, Message).ToBytes());
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "verify", binary), 1, "do not contradict");
        _folder.Write("proof.json", proof.ToJson().Replace(Convert.ToBase64String("no"u8), Convert.ToBase64String("so"u8), StringComparison.Ordinal));
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "verify", json), 1, "did not sign both");
        _folder.Write("proof.json", "{ \"type\": \"crust equivocation proof\" }");
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "verify", json), 1, "line 1");
    }

    [Fact]
    public async Task WhatIsNotGood_IsOneLine_AndWritesNothing()
    {
        var (bytes, target) = (Message.ToBytes(), _folder.PathOf("payload"));
        bytes[^1] ^= 1;
        await FailsAsync(bytes, "did not sign this");
        await FailsAsync(Message.ToBytes()[..^1], "cut off");
        await FailsAsync([.. Message.ToBytes(), 0], "Something follows");
        await FailsAsync([], "does not begin");
        await FailsAsync("\u001b[2J { not evidence"u8.ToArray(), "does not begin");
        await FailsAsync("{ \"\u001b[2J\": 1 }"u8.ToArray(), "line 1");
        await FailsAsync(new byte[EquivocationProof.MaxJsonLength + 1], "too long");
        await FailsAsync(Message.ToBytes(), $"{Exports.Alice.Id} signed this, not {Exports.Bob.Id}", "--sender", Exports.Bob.Id.ToString());
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "verify", _folder.PathOf("missing")), 1, "There is no file");
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "verify", _folder.PathOf(".")), 1, "is a folder");

        async Task FailsAsync(byte[] content, string why, params string[] more)
        {
            var file = _folder.PathOf("evidence");
            File.WriteAllBytes(file, content);
            await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, ["verify", file, "--out", target, .. more]), 1, why);
            File.Exists(target).Should().BeFalse();
        }
    }

    [Fact]
    public async Task WhatIsNotGood_IsAnEventToMachines()
    {
        await using var process = CrustProcess.Crust(_folder, "verify", _folder.Write("x", "x"), "--json");
        (await process.ExitAsync()).Should().Be(1, process.ToString());
        process.Events.Should().ContainSingle().Which.Text("code").Should().Be("invalid-evidence");
    }

    [Theory]
    [InlineData("verify", "Required argument")]
    [InlineData("verify a b", "'b'")]
    [InlineData("verify a --sender nonsense", "'nonsense' is not a peer id")]
    [InlineData("verify a --nonsense", "'--nonsense'")]
    [InlineData("verify a --out EMPTY", "--out")]
    public Task WrongUsage_IsOneLine(string arguments, string why) =>
        MistakeTests.FailsAsync(CrustProcess.Crust(_folder, [.. arguments.Split(' ').Select(a => a == "EMPTY" ? "" : a)]), 2, why);

    [Fact]
    public async Task Help_ExplainsIt()
    {
        await using var process = CrustProcess.Crust(_folder, "verify", "--help");
        (await process.ExitAsync()).Should().Be(0, process.ToString());
        string.Join('\n', process.Output).Should().Contain("FILE").And.Contain("--sender").And.Contain("--out");
    }

    private string Write(SignedMessage message, bool json)
    {
        var file = _folder.PathOf("message");
        if (json)
            File.WriteAllText(file, message.ToJson());
        else
            File.WriteAllBytes(file, message.ToBytes());
        return file;
    }
}
