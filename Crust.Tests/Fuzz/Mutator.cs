namespace Crust.Tests.Fuzz;

/// <summary>Seeded mutations of valid input: flips, cuts, repeats, splices, numbers at their edges. The same seed gives the same cases.</summary>
internal sealed class Mutator(int seed, IReadOnlyList<byte[]> corpus)
{
    private static readonly byte[] Edges = [0, 1, 0x7F, 0x80, 0xFE, 0xFF];

    private readonly Random _random = new(seed);

    /// <summary>The next case: one input of the corpus after one to four mutations.</summary>
    internal byte[] Next()
    {
        var bytes = new List<byte>(corpus[_random.Next(corpus.Count)]);
        for (var left = _random.Next(1, 5); left > 0; left--)
            Mutate(bytes);
        return [.. bytes];
    }

    private void Mutate(List<byte> bytes)
    {
        if (bytes.Count == 0)
        {
            bytes.Add((byte)_random.Next(256));
            return;
        }

        var at = _random.Next(bytes.Count);
        switch (_random.Next(7))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                bytes[at] = Edges[_random.Next(Edges.Length)];
                break;
            case 2:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 3:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(_random.Next(1, 64), bytes.Count - at)));
                break;
            case 4:
                bytes.RemoveRange(at, Math.Min(_random.Next(1, 8), bytes.Count - at));
                break;
            case 5:
                var other = corpus[_random.Next(corpus.Count)];
                bytes.RemoveRange(at, bytes.Count - at);
                if (other.Length > 0)
                    bytes.AddRange(other[_random.Next(other.Length)..]);
                break;
            default:
                bytes.Insert(at, (byte)_random.Next(256));
                break;
        }
    }
}
