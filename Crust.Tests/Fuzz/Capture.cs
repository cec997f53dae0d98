using System.Buffers.Binary;
using Crust.Tests.Architecture;

namespace Crust.Tests.Fuzz;

/// <summary>Something that a real node said or heard. A file of them: <c>kind u8 ‖ length u32, big endian ‖ bytes</c>, one after the other.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Bytes">Its bytes.</param>
internal sealed record Capture(CaptureKind Kind, byte[] Bytes)
{
    /// <summary>Where the corpus lies: <c>dotnet run --project Crust.Tests -- --record-corpus Crust.Tests/Fuzz/Corpus</c> makes it anew.</summary>
    internal static string Folder => RepositoryRoot.PathOf("Crust.Tests/Fuzz/Corpus");

    internal static IReadOnlyList<Capture> Read(string name)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Folder, name));
        var captures = new List<Capture>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 1));
            captures.Add(new Capture((CaptureKind)bytes[at], bytes[(at + 5)..(at + 5 + length)]));
            at += 5 + length;
        }

        return captures;
    }

    internal static void Write(string path, IEnumerable<Capture> captures)
    {
        using var file = File.Create(path);
        Span<byte> head = stackalloc byte[5];
        foreach (var (kind, bytes) in captures)
        {
            head[0] = (byte)kind;
            BinaryPrimitives.WriteInt32BigEndian(head[1..], bytes.Length);
            file.Write(head);
            file.Write(bytes);
        }
    }
}
