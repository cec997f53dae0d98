using Crust.Buffers;
using Crust.Cryptography;
using Crust.Primitives;
using Crust.Session.Records;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public sealed class RecordTests
{
    private static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly Instant Start = new(1_000_000);

    public static TheoryData<byte> Suites => new((byte)RecordSuite.ChaCha20Poly1305, (byte)RecordSuite.Aegis256, (byte)RecordSuite.Aegis128L, (byte)RecordSuite.Aegis256X2);

    [Theory]
    [MemberData(nameof(Suites))]
    public void Open_GivesWhatWasSealed_InOrder(byte suite)
    {
        var (sealer, opener) = Pair(suite);
        foreach (var length in new[] { 0, 1, 15, 16, 1000, RecordSealer.MaxPlaintext((RecordSuite)suite) })
        {
            var plaintext = Enumerable.Range(0, length).Select(i => (byte)(i % 251)).ToArray();
            var unit = Seal(sealer, plaintext, suite, Start);
            unit.Should().HaveCount(length + RecordSealer.Overhead((RecordSuite)suite));
            unit[0].Should().Be((byte)RecordType.Data);
            TryOpen(opener, unit, out var opened).Should().BeTrue();
            opened.Should().Equal(plaintext);
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void SealAndOpen_WorkInPlace(byte suite)
    {
        var (sealer, opener) = Pair(suite);
        for (var round = 0; round < 3; round++)
        {
            var unit = new byte[100 + RecordSealer.Overhead((RecordSuite)suite)];
            unit.AsSpan(RecordHeader.Length, 100).Fill(9);
            sealer.Seal(unit.AsSpan(RecordHeader.Length, 100), unit, Start).Should().Be(unit.Length);
            RecordHeader.TryRead(unit, out var header).Should().BeTrue();
            var body = unit.AsSpan(RecordHeader.Length);
            opener.TryOpen(header, body, body, out var length).Should().BeTrue();
            body[..length].ToArray().Should().Equal(Enumerable.Repeat((byte)9, 100));
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void Open_FailsForever_WhenAnyByteIsChanged(byte suite)
    {
        var plaintext = new byte[40];
        var length = plaintext.Length + RecordSealer.Overhead((RecordSuite)suite);
        for (var i = 0; i < length; i++)
        {
            var (sealer, opener) = Pair(suite);
            var (changed, next) = (Seal(sealer, plaintext, suite, Start), Seal(sealer, plaintext, suite, Start));
            var genuine = (byte[])changed.Clone();
            changed[i] ^= 0x04;
            TryOpen(opener, changed, out _).Should().BeFalse("byte {0} was changed", i);
            // A changed type or length can be refused before it reaches the opener: only a record that did must kill it.
            if (i >= RecordHeader.Length)
            {
                TryOpen(opener, genuine, out _).Should().BeFalse("it failed before");
                TryOpen(opener, next, out _).Should().BeFalse("it failed before");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void Open_RefusesTheOtherDataType(byte suite)
    {
        var (sealer, opener) = Pair(suite);
        var unit = Seal(sealer, [1, 2, 3], suite, Start);
        unit[0] = (byte)RecordType.DataThenUpdate;
        TryOpen(opener, unit, out _).Should().BeFalse("the header is authenticated");
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void Open_RefusesReorderedReplayedAndDroppedRecords(byte suite)
    {
        var (sealer, reordered) = Pair(suite);
        byte[][] units = [.. Enumerable.Range(0, 3).Select(i => Seal(sealer, [(byte)i], suite, Start))];
        TryOpen(reordered, units[1], out _).Should().BeFalse("the second came first");

        var (_, replayed) = Pair(suite);
        TryOpen(replayed, units[0], out _).Should().BeTrue();
        TryOpen(replayed, units[0], out _).Should().BeFalse("it was opened before");

        var (_, dropped) = Pair(suite);
        TryOpen(dropped, units[0], out _).Should().BeTrue();
        TryOpen(dropped, units[2], out _).Should().BeFalse("the second is missing");
        TryOpen(dropped, units[1], out _).Should().BeFalse("it failed before");
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void Open_RefusesEveryTruncation(byte suite)
    {
        for (var cut = 1; cut <= 40 + RecordKey.TagLengthOf((RecordSuite)suite); cut++)
        {
            var (sealer, opener) = Pair(suite);
            var unit = Seal(sealer, new byte[40], suite, Start);
            var body = unit.AsSpan(RecordHeader.Length, unit.Length - RecordHeader.Length - cut);
            // With a header that agrees with the shorter body, and with the genuine one.
            opener.TryOpen(new RecordHeader(RecordType.Data, body.Length), body, new byte[100], out _).Should().BeFalse();
            var (_, other) = Pair(suite);
            other.TryOpen(new RecordHeader(RecordType.Data, unit.Length - RecordHeader.Length), body, new byte[100], out _).Should().BeFalse();
        }
    }

    [Fact]
    public void Open_RefusesOtherKeysAndSuites()
    {
        var unit = Seal(new RecordSealer(RecordSuite.Aegis256, Secret, Start), new byte[40], (byte)RecordSuite.Aegis256, Start);
        TryOpen(new RecordOpener(RecordSuite.Aegis256, new byte[32]), unit, out _).Should().BeFalse();
        TryOpen(new RecordOpener(RecordSuite.Aegis128L, Secret), unit, out _).Should().BeFalse();
        TryOpen(new RecordOpener(RecordSuite.ChaCha20Poly1305, Secret), unit, out _).Should().BeFalse();
        TryOpen(new RecordOpener(RecordSuite.Aegis256, Secret), unit, out _).Should().BeTrue();
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void Key_IsReplacedAfterAnHour_OnBothSides(byte suite)
    {
        var (sealer, opener) = Pair(suite);
        var now = Start + (TimeSpan.FromHours(1) - TimeSpan.FromMicroseconds(1));
        TryOpen(opener, Seal(sealer, [1], suite, now), out _).Should().BeTrue();
        sealer.KeyGeneration.Should().Be(0);
        for (ulong generation = 1; generation <= 3; generation++)
        {
            now += TimeSpan.FromHours(1);
            var last = Seal(sealer, [2], suite, now);
            last[0].Should().Be((byte)RecordType.DataThenUpdate);
            TryOpen(opener, last, out var opened).Should().BeTrue();
            opened.Should().Equal(2);
            (sealer.KeyGeneration, opener.KeyGeneration).Should().Be((generation, generation));
            var first = Seal(sealer, [3], suite, now);
            first[0].Should().Be((byte)RecordType.Data);
            TryOpen(opener, first, out opened).Should().BeTrue();
            opened.Should().Equal(3);
        }
    }

    [Fact]
    public void Key_IsReplacedWhenItReaches2To30Bytes_OnBothSides()
    {
        const RecordSuite suite = RecordSuite.Aegis128L;
        if (!HardwareAes.IsSupported)
            Assert.Skip("Two gigabytes of AEGIS need AES instructions.");
        var (sealer, opener) = Pair((byte)suite);
        var plaintext = new byte[1 << 15];
        var unit = new byte[plaintext.Length + RecordSealer.Overhead(suite)];
        for (var i = 0; i < (1 << 15) + 2; i++)
        {
            sealer.Seal(plaintext, unit, Start);
            RecordHeader.TryRead(unit, out var header).Should().BeTrue();
            if (header.Type != (i == (1 << 15) - 1 ? RecordType.DataThenUpdate : RecordType.Data))
                Assert.Fail($"Record {i} has type {header.Type}.");
            if (!opener.TryOpen(header, unit.AsSpan(RecordHeader.Length), plaintext, out _))
                Assert.Fail($"Record {i} did not open.");
        }

        (sealer.KeyGeneration, opener.KeyGeneration).Should().Be((1ul, 1ul));
    }

    [Fact]
    public void Open_RefusesASenderThatOutlivesItsKey()
    {
        const RecordSuite suite = RecordSuite.Aegis128L;
        if (!HardwareAes.IsSupported)
            Assert.Skip("Two gigabytes of AEGIS need AES instructions.");
        // A sender that never updates, which the sealer cannot be made to be.
        using var key = new RecordKey(suite, Secret);
        using var opener = new RecordOpener(suite, Secret);
        var plaintext = new byte[1 << 15];
        var header = new RecordHeader(RecordType.Data, plaintext.Length + key.TagLength);
        var (data, body) = (new byte[RecordHeader.Length], new byte[header.BodyLength]);
        header.Write(data);
        for (var i = 0; i < 1 << 15; i++)
        {
            key.Encrypt(data, plaintext, body);
            if (!opener.TryOpen(header, body, plaintext, out _))
                Assert.Fail($"Record {i} did not open.");
        }

        opener.TryOpen(header, body, plaintext, out _).Should().BeFalse();
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void WhatIsLent_IsSealedAsIfItWereThere(byte suite)
    {
        var random = new DeterministicRandom(suite);
        var arena = new PayloadArena();
        var lent = new LentPayloads();
        var (sealer, _) = Pair(suite);
        var (other, _) = Pair(suite);
        for (var round = 0; round < 200; round++)
        {
            var plaintext = new byte[random.Next(30_000)];
            random.Fill(plaintext);
            var unit = new byte[plaintext.Length + RecordSealer.Overhead((RecordSuite)suite)];
            plaintext.CopyTo(unit.AsSpan(RecordHeader.Length));
            var leases = new List<PayloadLease>();
            for (var at = random.Next(3) == 0 ? 0 : random.Next(100); ;)
            {
                var length = LentPayloads.MinLength + random.Next(5000);
                if (at + length > plaintext.Length)
                    break;
                // Somewhere within a payload, and with nothing of it left in the record.
                var start = random.Next(40);
                var lease = arena.Copy([.. new byte[start], .. plaintext.AsSpan(at, length), .. new byte[random.Next(40)]]);
                leases.Add(lease);
                if (!lent.TryAdd(at, lease, start, length))
                    break;
                unit.AsSpan(RecordHeader.Length + at, length).Fill(0xEE);
                at += length + (random.Next(3) == 0 ? 0 : random.Next(200));
            }

            sealer.Seal(plaintext.Length, lent, unit, Start).Should().Be(unit.Length);
            lent.ReturnTo(arena);
            leases.ForEach(arena.Return);
            unit.Should().Equal(Seal(other, plaintext, suite, Start));
        }

        arena.Held.Should().Be(0);
        lent.Runs.IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void WhatIsShort_OrTooMuch_IsNotLent()
    {
        var (arena, lent) = (new PayloadArena(), new LentPayloads());
        var lease = arena.Rent(2 * LentPayloads.MinLength);
        lent.TryAdd(0, lease, 0, LentPayloads.MinLength - 1).Should().BeFalse();
        for (var i = 0; i < LentPayloads.Capacity; i++)
            lent.TryAdd(i * LentPayloads.MinLength, lease, 0, LentPayloads.MinLength).Should().BeTrue();
        lent.TryAdd(LentPayloads.Capacity * LentPayloads.MinLength, lease, 0, LentPayloads.MinLength).Should().BeFalse();
        arena.Return(lease);
        arena.Held.Should().BePositive("it is lent");
        lent.ReturnTo(arena);
        arena.Held.Should().Be(0);
    }

    [Fact]
    public void NewKey_OpensNothingOld_AndOldKeyNothingNew()
    {
        var (sealer, opener) = Pair((byte)RecordSuite.ChaCha20Poly1305);
        var (_, late) = Pair((byte)RecordSuite.ChaCha20Poly1305);
        var last = Seal(sealer, [1], (byte)RecordSuite.ChaCha20Poly1305, Start + TimeSpan.FromHours(2));
        var next = Seal(sealer, [1], (byte)RecordSuite.ChaCha20Poly1305, Start + TimeSpan.FromHours(2));
        TryOpen(late, next, out _).Should().BeFalse("the old key's counter 0 is not the new key's");
        TryOpen(opener, last, out _).Should().BeTrue();
        TryOpen(opener, last, out _).Should().BeFalse("the old key is gone");
    }

    [Fact]
    public void SealAndOpen_DoNotAllocate()
    {
        var (sealer, opener) = Pair((byte)RecordSuite.ChaCha20Poly1305);
        var (plaintext, unit) = (new byte[1000], new byte[1000 + RecordSealer.Overhead(RecordSuite.ChaCha20Poly1305)]);
        Round();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Round();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);

        void Round()
        {
            sealer.Seal(plaintext, unit, Start);
            if (!RecordHeader.TryRead(unit, out var header) || !opener.TryOpen(header, unit.AsSpan(RecordHeader.Length), plaintext, out _))
                throw new InvalidOperationException("The record did not open.");
        }
    }

    [Fact]
    public void Header_AcceptsExactlyTheWireUnitsThatExist() =>
        Gen.Select(Gen.Byte[0, 6], Gen.OneOf(Gen.Int[0, 40], Gen.Int[4090, 4100], Gen.Int[65500, 65600], Gen.Int[0, 0xFFFFFF])).Sample((type, length) =>
        {
            byte[] bytes = [type, (byte)(length >> 16), (byte)((length >> 8) & 0xFF), (byte)(length & 0xFF)];
            var expected = type switch { 1 or 2 => length is >= 1 and <= 4096, 3 or 4 => length is >= 16 and <= 65535, _ => false };
            if (RecordHeader.TryRead(bytes, out var header) != expected)
                return false;
            if (!expected)
                return true;
            var written = new byte[RecordHeader.Length];
            header.Write(written);
            return header == new RecordHeader((RecordType)type, length) && written.AsSpan().SequenceEqual(bytes) && header.IsHandshake == type < 3;
        }, iter: 20_000);

    [Fact]
    public void Seal_RefusesWhatDoesNotFitARecord()
    {
        var (sealer, _) = Pair((byte)RecordSuite.Aegis256);
        var tooLong = new byte[RecordSealer.MaxPlaintext(RecordSuite.Aegis256) + 1];
        FluentActions.Invoking(() => sealer.Seal(tooLong, new byte[70_000], Start)).Should().Throw<InvalidOperationException>();
        sealer.Dispose();
        FluentActions.Invoking(() => sealer.Seal([1], new byte[100], Start)).Should().Throw<ObjectDisposedException>();
    }

    [Theory]
    [InlineData(2, 2, false, RecordSuite.Aegis256X2)]
    [InlineData(2, 1, false, RecordSuite.Aegis256)]
    [InlineData(1, 2, false, RecordSuite.Aegis256)]
    [InlineData(1, 1, false, RecordSuite.Aegis256)]
    [InlineData(2, 0, false, RecordSuite.ChaCha20Poly1305)]
    [InlineData(0, 1, false, RecordSuite.ChaCha20Poly1305)]
    [InlineData(0, 0, false, RecordSuite.ChaCha20Poly1305)]
    [InlineData(2, 2, true, RecordSuite.Aegis128L)]
    [InlineData(1, 1, true, RecordSuite.Aegis128L)]
    [InlineData(1, 0, true, RecordSuite.ChaCha20Poly1305)]
    internal void Select_TakesTheBestThatBothHave(int initiator, int responder, bool allow128L, RecordSuite expected) =>
        RecordSuites.Select(RecordSuites.Offer(Support(initiator), allow128L), Support(responder), allow128L).Should().Be(expected);

    [Fact]
    public void Select_KeepsTo256Bits_UnlessBothAllow128L()
    {
        RecordSuites.Select(RecordSuites.Offer(Support(2), true), Support(2), false).Should().Be(RecordSuite.Aegis256X2);
        RecordSuites.Select(RecordSuites.Offer(Support(1), false), Support(2), true).Should().Be(RecordSuite.Aegis256);
        RecordSuites.Select([(RecordSuite)200], Support(2), true).Should().BeNull();
    }

    /// <summary>0 for a processor without AES, 1 with it, 2 with all that the suites use.</summary>
    private static SuiteSupport Support(int level) => new(HasAes: level > 0, HasParallelAegis: level > 1);

    private static (RecordSealer Sealer, RecordOpener Opener) Pair(byte suite) =>
        (new RecordSealer((RecordSuite)suite, Secret, Start), new RecordOpener((RecordSuite)suite, Secret));

    private static byte[] Seal(RecordSealer sealer, byte[] plaintext, byte suite, Instant now)
    {
        var unit = new byte[plaintext.Length + RecordSealer.Overhead((RecordSuite)suite)];
        sealer.Seal(plaintext, unit, now).Should().Be(unit.Length);
        return unit;
    }

    private static bool TryOpen(RecordOpener opener, byte[] unit, out byte[] plaintext)
    {
        plaintext = [];
        if (!RecordHeader.TryRead(unit, out var header))
            return false;
        var buffer = new byte[unit.Length];
        if (!opener.TryOpen(header, unit.AsSpan(RecordHeader.Length), buffer, out var length))
            return false;
        plaintext = buffer[..length];
        return true;
    }
}
