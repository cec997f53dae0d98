using System.Buffers.Binary;
using System.Net;
using System.Text;
using Crust.Nat.Stun;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.Stun;

public sealed class StunMessageTests
{
    private static readonly byte[] Key = [1, 2, 3, 4];
    private static readonly TransportAddress IPv4 = TransportAddress.From(IPEndPoint.Parse("192.0.2.7:4711"));
    private static readonly TransportAddress IPv6 = TransportAddress.From(IPEndPoint.Parse("[2001:db8::7]:4712"));

    [Fact]
    public void WhatIsWritten_IsRead()
    {
        var bytes = StunMessages.Make(StunClass.Request, (ref StunWriter writer) =>
        {
            writer.Add(StunAttribute.Username, "a:b"u8);
            writer.Add(StunAttribute.Priority, 77);
            writer.Add(StunAttribute.UseCandidate);
            writer.AddChangeRequest(StunChange.Address | StunChange.Port);
            writer.AddResponsePort(4713);
            writer.Add(StunAttribute.XorMappedAddress, IPv6);
            writer.Add(StunAttribute.MappedAddress, IPv4);
            writer.Add(StunAttribute.OtherAddress, IPv4);
            writer.AddErrorCode(487, "Role Conflict");
            writer.AddIntegrity(Key);
            writer.AddIntegritySha256(Key);
            writer.AddFingerprint();
        });
        StunMessage.TryParse(bytes, out var message).Should().BeTrue();
        message.Class.Should().Be(StunClass.Request);
        message.Method.Should().Be(StunHeader.Binding);
        message.Transaction.Should().Be(StunMessages.Transaction);
        message.HasFingerprint.Should().BeTrue();
        message.TryGetUsername(out var username).Should().BeTrue();
        Encoding.ASCII.GetString(username).Should().Be("a:b");
        message.TryGetPriority(out var priority).Should().BeTrue();
        priority.Should().Be(77);
        message.Has(StunAttribute.UseCandidate).Should().BeTrue();
        message.TryGetChangeRequest(out var change).Should().BeTrue();
        change.Should().Be(StunChange.Address | StunChange.Port);
        message.TryGetResponsePort(out var port).Should().BeTrue();
        port.Should().Be(4713);
        message.TryGetMappedAddress(out var mapped).Should().BeTrue();
        mapped.Should().Be(IPv6);
        message.TryGetAddress(StunAttribute.OtherAddress, out var other).Should().BeTrue();
        other.Should().Be(IPv4);
        message.TryGetErrorCode(out var code).Should().BeTrue();
        code.Should().Be(487);
        message.HasIntegrity(Key).Should().BeTrue();
        message.HasIntegritySha256(Key).Should().BeTrue();
        message.HasIntegritySha256([1, 2, 3]).Should().BeFalse();
    }

    [Theory]
    [InlineData(0, 0x0001)]
    [InlineData(1, 0x0011)]
    [InlineData(2, 0x0101)]
    [InlineData(3, 0x0111)]
    public void AType_IsClassAndMethodInterleaved(int classBits, int type)
    {
        var @class = (StunClass)classBits;
        StunHeader.Encode(@class, StunHeader.Binding).Should().Be((ushort)type);
        StunHeader.ClassOf((ushort)type).Should().Be(@class);
        StunHeader.MethodOf((ushort)type).Should().Be(StunHeader.Binding);
    }

    [Fact]
    public void EveryMethod_SurvivesItsEncoding()
    {
        foreach (var @class in Enum.GetValues<StunClass>())
        {
            for (ushort method = 0; method < 0x1000; method++)
            {
                var type = StunHeader.Encode(@class, method);
                (type >> 14).Should().Be(0);
                (StunHeader.ClassOf(type), StunHeader.MethodOf(type)).Should().Be((@class, method));
            }
        }
    }

    [Fact]
    public void AMessageCutShort_IsNone()
    {
        var bytes = StunMessages.Make(StunClass.Request, (ref StunWriter writer) =>
        {
            writer.Add(StunAttribute.Software, "abcde"u8);
            writer.AddFingerprint();
        });
        for (var length = 0; length < bytes.Length; length++)
            StunMessage.TryParse(bytes.AsSpan(0, length), out _).Should().BeFalse();
        StunMessage.TryParse([.. bytes, 0, 0, 0, 0], out _).Should().BeFalse();
    }

    [Theory]
    [InlineData(0, 0x40)] // the first two bits are zero
    [InlineData(0, 0x80)]
    [InlineData(3, 1)] // the length is a multiple of four
    [InlineData(4, 0xFF)] // the magic cookie
    public void AWrongHeader_IsNone(int offset, byte flip)
    {
        var bytes = StunMessages.Make(StunClass.Request);
        bytes[offset] ^= flip;
        StunMessage.TryParse(bytes, out _).Should().BeFalse();
    }

    [Fact]
    public void AnAttributeBeyondTheEnd_IsNone()
    {
        var bytes = StunMessages.Make(StunClass.Request, (ref StunWriter writer) => writer.Add(StunAttribute.Software, new byte[8]));
        for (var length = 9; length <= ushort.MaxValue; length += 13)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(22), (ushort)length);
            StunMessage.TryParse(bytes, out _).Should().BeFalse();
        }
    }

    [Fact]
    public void MoreAttributesThanAllowed_AreNone()
    {
        Read(StunMessage.MaxAttributes).Should().BeTrue();
        Read(StunMessage.MaxAttributes + 1).Should().BeFalse();

        static bool Read(int count) => StunMessage.TryParse(
            StunMessages.Make(StunClass.Request, (ref StunWriter writer) =>
            {
                for (var i = 0; i < count; i++)
                    writer.Add(StunAttribute.UseCandidate);
            }), out _);
    }

    [Fact]
    public void AMessageOfMoreThanAPacket_IsNone()
    {
        var bytes = new byte[StunHeader.MaxMessageLength + 4];
        StunMessages.Make(StunClass.Request).CopyTo(bytes, 0);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)(bytes.Length - StunHeader.Length));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(20), (ushort)StunAttribute.Software);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(22), (ushort)(bytes.Length - 24));
        StunMessage.TryParse(bytes, out _).Should().BeFalse();
    }

    [Fact]
    public void AFingerprintThatIsNotLast_IsNone()
    {
        var bytes = StunMessages.Make(StunClass.Request, (ref StunWriter writer) =>
        {
            writer.AddFingerprint();
            writer.Add(StunAttribute.UseCandidate);
        });
        StunMessage.TryParse(bytes, out _).Should().BeFalse();
    }

    /// <summary>RFC 8489 §14.5: what stands behind an integrity attribute is nobody's word.</summary>
    [Fact]
    public void AttributesBehindIntegrity_DoNotCount()
    {
        var bytes = StunMessages.Make(StunClass.Request, (ref StunWriter writer) =>
        {
            writer.Add(StunAttribute.Username, "a:b"u8);
            writer.AddIntegritySha256(Key);
            writer.Add(StunAttribute.UseCandidate);
            writer.Add(StunAttribute.Priority, 1);
            writer.AddFingerprint();
        });
        StunMessage.TryParse(bytes, out var message).Should().BeTrue();
        message.HasIntegritySha256(Key).Should().BeTrue();
        message.Has(StunAttribute.UseCandidate).Should().BeFalse();
        message.TryGetPriority(out _).Should().BeFalse();
    }

    [Fact]
    public void ATruncatedIntegrity_ProvesNothing()
    {
        var whole = StunMessages.Make(StunClass.Request, (ref StunWriter writer) => writer.AddIntegritySha256(Key));
        var cut = whole[..^16];
        BinaryPrimitives.WriteUInt16BigEndian(cut.AsSpan(2), 20);
        BinaryPrimitives.WriteUInt16BigEndian(cut.AsSpan(22), 16);
        StunMessage.TryParse(cut, out var message).Should().BeTrue();
        message.HasIntegritySha256(Key).Should().BeFalse();
    }

    [Fact]
    public void OfTwoAttributes_TheFirstCounts()
    {
        var bytes = StunMessages.Make(StunClass.SuccessResponse, (ref StunWriter writer) =>
        {
            writer.Add(StunAttribute.XorMappedAddress, IPv4);
            writer.Add(StunAttribute.XorMappedAddress, IPv6);
        });
        StunMessage.TryParse(bytes, out var message).Should().BeTrue();
        message.TryGetMappedAddress(out var mapped).Should().BeTrue();
        mapped.Should().Be(IPv4);
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(3, 8)]
    [InlineData(1, 20)]
    [InlineData(2, 8)]
    public void AnAddressOfAnUnknownFamilyOrAWrongLength_IsNone(byte family, int length)
    {
        var value = new byte[length];
        value[1] = family;
        var bytes = StunMessages.Make(StunClass.SuccessResponse, (ref StunWriter writer) => writer.Add(StunAttribute.XorMappedAddress, value));
        StunMessage.TryParse(bytes, out var message).Should().BeTrue();
        message.TryGetMappedAddress(out _).Should().BeFalse();
    }

    [Fact]
    public void UnknownAttributes_AreNamedOnce_WhereTheyMustBeUnderstood()
    {
        var bytes = StunMessages.Make(StunClass.Request, (ref StunWriter writer) =>
        {
            writer.Add((StunAttribute)0x7001);
            writer.Add((StunAttribute)0x7001);
            writer.Add((StunAttribute)0x7002);
            writer.Add((StunAttribute)0xF001);
            writer.Add(StunAttribute.Username, "a"u8);
        });
        StunMessage.TryParse(bytes, out var message).Should().BeTrue();
        var unknown = new ushort[8];
        message.GetUnknown(unknown).Should().Be(2);
        unknown[..2].Should().Equal(0x7001, 0x7002);
        message.GetUnknown(unknown.AsSpan(0, 1)).Should().Be(1);
    }

    [Fact]
    public void ReadingAndWriting_DoNotAllocate()
    {
        var buffer = new byte[StunHeader.MaxMessageLength];
        var ok = Once(buffer);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            ok &= Once(buffer);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
        ok.Should().BeTrue();

        static bool Once(byte[] buffer)
        {
            var writer = new StunWriter(buffer, StunClass.Request, StunMessages.Transaction);
            writer.Add(StunAttribute.Username, "name"u8);
            writer.Add(StunAttribute.XorMappedAddress, IPv6);
            writer.AddIntegritySha256(Key);
            writer.AddFingerprint();
            return StunMessage.TryParse(writer.Written, out var message) && message.HasIntegritySha256(Key) && message.TryGetMappedAddress(out _);
        }
    }

    [Theory]
    [InlineData("000100002112A442", false)] // too short to tell
    [InlineData("000100002112A4420102030405060708090A0B0C", true)]
    [InlineData("010010002112A4420102030405060708090A0B0C", false)] // 4,116 bytes
    [InlineData("000100002112A4430102030405060708090A0B0C", false)]
    public void AStream_TellsHowLongAMessageIs(string start, bool isMessage)
    {
        StunHeader.TryGetMessageLength(Convert.FromHexString(start), out var length).Should().Be(isMessage);
        if (isMessage)
            length.Should().Be(StunHeader.Length);
    }
}
