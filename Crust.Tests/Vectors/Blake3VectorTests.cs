using System.Text;
using Crust.Cryptography;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Vectors;

/// <summary>The official BLAKE3 test vectors: 35 lengths, three modes, 131 bytes of output each.</summary>
public sealed class Blake3VectorTests
{
    private static readonly Blake3Degree[] Degrees = Enum.GetValues<Blake3Degree>();

    public static TheoryData<int> Cases => new(Enumerable.Range(0, VectorFile.Load("blake3.json").GetProperty("cases").GetArrayLength()));

    [Fact]
    public void File_HasAllOfTheOfficialCases() => Cases.Should().HaveCount(35);

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryMode_GivesTheExtendedOutput(int index)
    {
        var (file, vector, input) = Load(index);
        var key = Encoding.ASCII.GetBytes(file.GetProperty("key").GetString()!);
        var context = file.GetProperty("context_string").GetString()!;
        Degrees.Should().HaveCount(5);
        foreach (var degree in Degrees)
        {
            var keyed = new Blake3Hasher(key, degree);
            var derive = Blake3Hasher.ForKeyDerivation(context, degree);
            foreach (var (hasher, name) in new[] { (new Blake3Hasher(degree), "hash"), (keyed, "keyed_hash"), (derive, "derive_key") })
            {
                hasher.Update(input);
                var expected = vector.Bytes(name);
                var output = new byte[expected.Length];
                hasher.Finish(output);
                output.Should().Equal(expected, "{0} of {1} bytes, {2}", name, input.Length, degree);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Hash_IsTheStartOfTheExtendedOutput(int index)
    {
        var (_, vector, input) = Load(index);
        var expected = vector.Bytes("hash")[..Blake3.HashLength];
        Blake3.Hash(input).Should().Equal(expected);
        foreach (var degree in Degrees)
        {
            var hash = new byte[Blake3.HashLength];
            Blake3.Hash(input, hash, degree);
            hash.Should().Equal(expected, "{0}", degree);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Update_GivesTheSameHash_HoweverTheInputIsCut(int index)
    {
        var (_, vector, input) = Load(index);
        foreach (var step in new[] { 1, 63, 64, 65, 1023, 1024, 1025, 5000 })
        {
            foreach (var degree in Degrees)
            {
                var hasher = new Blake3Hasher(degree);
                for (var offset = 0; offset < input.Length; offset += step)
                    hasher.Update(input.AsSpan(offset, Math.Min(step, input.Length - offset)));
                var output = new byte[Blake3.HashLength];
                hasher.Finish(output);
                output.Should().Equal(vector.Bytes("hash")[..Blake3.HashLength], "in pieces of {0}, {1}", step, degree);
            }
        }
    }

    [Fact]
    public void Reset_StartsAnew_AndFinishMayBeAskedAgain()
    {
        var hasher = new Blake3Hasher();
        hasher.Update(new byte[3000]);
        hasher.Reset();
        hasher.Update("abc"u8);
        var (first, second) = (new byte[32], new byte[32]);
        hasher.Finish(first);
        hasher.Finish(second);
        first.Should().Equal(Blake3.Hash("abc"u8));
        second.Should().Equal(first);
    }

    private static (System.Text.Json.JsonElement File, System.Text.Json.JsonElement Vector, byte[] Input) Load(int index)
    {
        var file = VectorFile.Load("blake3.json");
        var vector = file.GetProperty("cases")[index];
        var input = new byte[vector.GetProperty("input_len").GetInt32()];
        for (var i = 0; i < input.Length; i++)
            input[i] = (byte)(i % 251);
        return (file, vector, input);
    }
}
