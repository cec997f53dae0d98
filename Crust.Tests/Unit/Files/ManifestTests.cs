using System.Text;
using Crust.Gateway.Files;
using Crust.Wire;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Files;

public sealed class ManifestTests
{
    [Fact]
    public void Parse_ReadsWhatWasWritten()
    {
        var written = Trees.Some();

        var read = Manifest.TryParse(written.Bytes.ToArray(), forWindows: false, out _);

        read!.Entries.Should().Equal(written.Entries);
        read.Hash.Should().Equal(written.Hash);
        read.Files.Should().Be(3);
        read.TotalLength.Should().Be(300_010);
        Enumerable.Range(0, 6).Select(read.PathOf).Should().Equal("root", "root/a b.txt", "root/empty", "root/sub", "root/sub/nothing", "root/ünïcode\n");
    }

    [Theory]
    [InlineData("..", "leads to another folder")]
    [InlineData(".", "leads to another folder")]
    [InlineData("", "empty")]
    [InlineData("/etc", "path separator")]
    [InlineData("../up", "path separator")]
    [InlineData("a/b", "path separator")]
    [InlineData("a\\b", "path separator")]
    [InlineData("C:", "drive letter")]
    [InlineData("c:file", "drive letter")]
    [InlineData("a\0b", "NUL")]
    [InlineData(".crust-partial", "receiver's own")]
    [InlineData(".CRUST-Partial", "receiver's own")]
    public void Parse_RefusesANameThatLeadsElsewhere_AndSaysWhy(string name, string why)
    {
        foreach (var bytes in new[] { Raw((0, 0, name, 5)), Raw((1, 0, "root", 0), (0, 1, name, 5)), Raw((1, 0, "root", 0), (1, 1, name, 0)) })
        {
            Manifest.TryParse(bytes, forWindows: false, out var objection).Should().BeNull();
            objection.Should().Contain(why);
        }
    }

    [Theory]
    [InlineData("CON")]
    [InlineData("nul")]
    [InlineData("Aux.c")]
    [InlineData("com1.tar.gz")]
    [InlineData("LPT9 .txt")]
    [InlineData("ab:stream")]
    [InlineData("what?")]
    [InlineData("line\nbreak")]
    [InlineData("ends.")]
    [InlineData("ends ")]
    public void Parse_RefusesOnWindows_WhatWindowsReadsOtherwise(string name)
    {
        Manifest.TryParse(Raw((0, 0, name, 5)), forWindows: true, out var objection).Should().BeNull();
        objection.Should().ContainAny("Windows", "device");
        Manifest.TryParse(Raw((0, 0, name, 5)), forWindows: false, out _).Should().NotBeNull("elsewhere it is a name like any other");
    }

    [Fact]
    public void Parse_RefusesTrees_ThatAreNone()
    {
        var broken = new Dictionary<string, byte[]>
        {
            ["no entry"] = [1],
            ["nothing"] = [],
            ["another version"] = [2, .. Raw((0, 0, "a", 1))[1..]],
            ["two roots"] = Raw((0, 0, "a", 1), (0, 0, "b", 1)),
            ["no root"] = Raw((0, 1, "a", 1)),
            ["in a file"] = Raw((0, 0, "a", 1), (0, 1, "b", 1)),
            ["a level left out"] = Raw((1, 0, "a", 0), (0, 2, "b", 1)),
            ["a name twice"] = Raw((1, 0, "a", 0), (0, 1, "b", 1), (0, 1, "b", 1)),
            ["out of order"] = Raw((1, 0, "a", 0), (0, 1, "c", 1), (0, 1, "b", 1)),
            ["a file twice, once as a folder"] = Raw((1, 0, "a", 0), (0, 1, "b", 1), (1, 1, "b", 0)),
            ["a folder that can be executed"] = Raw((3, 0, "a", 0)),
            ["an unknown flag"] = Raw((4, 0, "a", 1)),
            ["too large together"] = Raw((1, 0, "a", 0), (0, 1, "b", FileProtocol.MaxFileLength), (0, 1, "c", 1)),
            ["cut"] = Trees.Some().Bytes.ToArray()[..^1],
            ["more"] = [.. Trees.Some().Bytes.Span, 0],
        };
        foreach (var (what, bytes) in broken)
            Manifest.TryParse(bytes, forWindows: false, out _).Should().BeNull(what);
    }

    [Fact]
    public void Parse_RefusesANameThatIsNoText() => Manifest.TryParse([1, 0, 0, 1, 0xFF, 0, 0], forWindows: false, out _).Should().BeNull();

    [Fact]
    public void Create_RefusesWhatIsTooDeepOrTooLong()
    {
        var deep = Enumerable.Range(0, FileProtocol.MaxDepth + 2).Select(i => Trees.Folder("d", i - 1, i)).ToArray();
        var @long = Enumerable.Range(0, 10).Select(i => Trees.Folder(new string('n', 250), i - 1, i)).ToArray();
        foreach (var entries in new[] { deep, @long })
            FluentActions.Invoking(() => Manifest.Create(entries)).Should().Throw<InvalidDataException>().WithMessage("*too long or too deep*");
        Manifest.Create(deep[..^1]).Entries.Should().HaveCount(FileProtocol.MaxDepth + 1);
        Manifest.Create(@long[..8]).Entries.Should().HaveCount(8);
    }

    [Fact]
    public void TransferId_IsTheSame_OnlyForTheSameSenderAndTree()
    {
        var id = TransferId.For(Trees.Sender, Trees.Some().Hash);

        id.Text.Should().HaveLength(64).And.MatchRegex("^[0-9a-f]+$");
        TransferId.For(Trees.Sender, Trees.Some().Hash).Should().Be(id);
        TransferId.For(Trees.Receiver, Trees.Some().Hash).Should().NotBe(id);
        TransferId.For(Trees.Sender, Trees.One("a", 1).Hash).Should().NotBe(id);
    }

    /// <summary>A manifest as a hostile sender writes it: nothing is checked.</summary>
    private static byte[] Raw(params (byte Flags, byte Depth, string Name, long Length)[] entries)
    {
        using var bytes = new MemoryStream();
        bytes.WriteByte(1);
        Span<byte> number = stackalloc byte[8];
        foreach (var (flags, depth, name, length) in entries)
        {
            bytes.Write([flags, depth]);
            var text = Encoding.UTF8.GetBytes(name);
            bytes.Write(number[..VarInt.Write(number, (ulong)text.Length)]);
            bytes.Write(text);
            bytes.WriteByte(0);
            if (flags != 1)
                bytes.Write(number[..VarInt.Write(number, (ulong)length)]);
        }

        return bytes.ToArray();
    }
}
