using Crust.Cryptography;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Cryptography;

/// <summary>Every width of BLAKE3 against the scalar one, whatever the processor has; the official vectors hold the scalar one.</summary>
public class Blake3DegreeTests
{
    private const int MaxLength = 20_000;
    private readonly Random _random = new(20_000);

    public static TheoryData<int> Wide => [(int)Blake3Degree.Rows, (int)Blake3Degree.Four, (int)Blake3Degree.Eight, (int)Blake3Degree.Sixteen];

    [Theory]
    [MemberData(nameof(Wide))]
    public void Hash_IsTheScalarOne_AtRandomLengths(int degree)
    {
        var input = Bytes(MaxLength);
        for (var round = 0; round < 300; round++)
        {
            // A start of its own: kernels must not care for alignment.
            var length = _random.Next(0, MaxLength - 63);
            var piece = input.AsSpan(_random.Next(0, 64), length);
            Hash(piece, (Blake3Degree)degree).Should().Equal(Hash(piece, Blake3Degree.Scalar), "length {0}", length);
        }
    }

    [Theory]
    [MemberData(nameof(Wide))]
    public void Hash_IsTheScalarOne_AroundEveryChunkBoundary(int degree)
    {
        var input = Bytes(70 * Blake3.ChunkLength);
        for (var chunks = 1; chunks < 70; chunks++)
        {
            for (var length = chunks * Blake3.ChunkLength - 1; length <= chunks * Blake3.ChunkLength + 1; length++)
                Hash(input.AsSpan(0, length), (Blake3Degree)degree).Should().Equal(Hash(input.AsSpan(0, length), Blake3Degree.Scalar), "length {0}", length);
        }
    }

    [Theory]
    [MemberData(nameof(Wide))]
    public void Hash_IsTheScalarOne_AtEveryLengthOfItsFirstChunks(int degree)
    {
        var input = Bytes(3 * Blake3.ChunkLength + 2);
        for (var length = 0; length <= input.Length; length++)
            Hash(input.AsSpan(0, length), (Blake3Degree)degree).Should().Equal(Hash(input.AsSpan(0, length), Blake3Degree.Scalar), "length {0}", length);
    }

    [Theory]
    [MemberData(nameof(Wide))]
    public void KeyedUpdates_GiveTheScalarExtendedOutput_HoweverTheInputIsCut(int degree)
    {
        var (key, input) = (Bytes(Blake3.KeyLength), Bytes(300_000));
        var (wide, scalar) = (new Blake3Hasher(key, (Blake3Degree)degree), new Blake3Hasher(key, Blake3Degree.Scalar));
        var (output, expected) = (new byte[200], new byte[200]);
        for (var round = 0; round < 20; round++)
        {
            wide.Reset();
            scalar.Reset();
            var rest = input.AsSpan(0, _random.Next(0, input.Length));
            scalar.Update(rest);
            while (!rest.IsEmpty)
            {
                var take = Math.Min(rest.Length, _random.Next(0, 3) switch { 0 => _random.Next(0, 100), 1 => _random.Next(1, 5) * 1024, _ => _random.Next(0, 100_000) });
                wide.Update(rest[..take]);
                rest = rest[take..];

                // Asking in between changes nothing.
                wide.Finish(output);
            }

            wide.Finish(output);
            scalar.Finish(expected);
            output.Should().Equal(expected);
        }
    }

    [Fact]
    public void AProcessTakesTheWideKernels_OnceItHashedEnough()
    {
        // Other tests may have hashed as much before; nothing may take the kernels away again.
        Blake3.DegreeFor(Blake3.BytesBeforeWide).Should().Be(Blake3.WidestDegree);
        Blake3.DegreeFor(1).Should().Be(Blake3.WidestDegree);
    }

    [Fact]
    public void Clear_WipesTheKey()
    {
        var hasher = new Blake3Hasher(Bytes(Blake3.KeyLength));
        hasher.Update(Bytes(5000));
        hasher.Clear();
        var (cleared, zero) = (new byte[32], new byte[32]);
        hasher.Finish(cleared);
        new Blake3Hasher(new byte[Blake3.KeyLength]).Finish(zero);
        cleared.Should().Equal(zero);
    }

    private static byte[] Hash(ReadOnlySpan<byte> input, Blake3Degree degree)
    {
        var hash = new byte[Blake3.HashLength];
        Blake3.Hash(input, hash, degree);
        return hash;
    }

    private byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }
}
