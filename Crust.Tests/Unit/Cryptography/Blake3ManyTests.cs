using Crust.Cryptography;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Cryptography;

public class Blake3ManyTests
{
    private readonly Random _random = new(4096);

    public static TheoryData<int> Degrees => [.. Enum.GetValues<Blake3Degree>().Select(degree => (int)degree)];

    [Theory]
    [MemberData(nameof(Degrees))]
    public void Hash_IsEachMessagesHash_WhateverTheLengths(int degree)
    {
        foreach (var longest in new[] { 0, 1, 64, 65, 200, 1024, 3000 })
        {
            foreach (var count in new[] { 0, 1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 63, 64, 65, 150 })
            {
                var lengths = Enumerable.Range(0, count).Select(_ => _random.Next(0, longest + 1)).ToArray();
                var ends = lengths.Select((_, i) => lengths[..(i + 1)].Sum()).ToArray();
                var messages = Bytes(lengths.Sum());
                var hashes = new byte[count * Blake3.HashLength];
                Blake3Many.Hash(messages, ends, hashes, (Blake3Degree)degree);
                for (var i = 0; i < count; i++)
                {
                    hashes.AsSpan(i * Blake3.HashLength, Blake3.HashLength).ToArray()
                        .Should().Equal(Scalar(messages.AsSpan(ends[i] - lengths[i], lengths[i])), "message {0} of {1}, {2} bytes", i, count, lengths[i]);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Degrees))]
    public void KeyedHash_IsEachMessagesKeyedHash(int degree)
    {
        var key = Bytes(Blake3.KeyLength);
        foreach (var length in new[] { 0, 1, 41, 63, 64, 65, 128, 1000, 1024, 1025 })
        {
            foreach (var count in new[] { 1, 7, 16, 70 })
            {
                var messages = Bytes(length * count);
                var hashes = new byte[count * Blake3.HashLength];
                Blake3Many.KeyedHash(key, messages, length, hashes, (Blake3Degree)degree);
                for (var i = 0; i < count; i++)
                {
                    var expected = new byte[Blake3.HashLength];
                    var hasher = new Blake3Hasher(key, Blake3Degree.Scalar);
                    hasher.Update(messages.AsSpan(i * length, length));
                    hasher.Finish(expected);
                    hashes.AsSpan(i * Blake3.HashLength, Blake3.HashLength).ToArray().Should().Equal(expected, "message {0} of {1}, {2} bytes", i, count, length);
                }
            }
        }
    }

    [Fact]
    public void EndsThatDoNotFit_AreTheCallersBug()
    {
        FluentActions.Invoking(() => Blake3Many.Hash(new byte[10], [5, 4], new byte[64])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Blake3Many.Hash(new byte[10], [5, 11], new byte[64])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Blake3Many.Hash(new byte[10], [-1], new byte[32])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Blake3Many.Hash(new byte[10], [5, 10], new byte[32])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Blake3Many.Hash(new byte[10], 6, new byte[64])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Blake3Many.KeyedHash(new byte[31], new byte[10], 5, new byte[64])).Should().Throw<ArgumentException>();
    }

    private static byte[] Scalar(ReadOnlySpan<byte> message)
    {
        var hash = new byte[Blake3.HashLength];
        Blake3.Hash(message, hash, Blake3Degree.Scalar);
        return hash;
    }

    private byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }
}
