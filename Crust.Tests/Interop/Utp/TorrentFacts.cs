using System.Security.Cryptography;
using Crust.Tests.Processes;

namespace Crust.Tests.Interop.Utp;

/// <summary>What peers know of a torrent (BEP 3) of one file: its info-hash and the SHA-1 of each piece.</summary>
internal sealed record TorrentFacts(byte[] InfoHash, int PieceLength, IReadOnlyList<byte[]> Pieces)
{
    internal static TorrentFacts From(ProcessEvent told) => new(
        Convert.FromHexString(told.Text("infohash")),
        told.Number("pieceLength"),
        [.. told.Body.GetProperty("pieces").EnumerateArray().Select(piece => Convert.FromHexString(piece.GetString()!))]);

    /// <summary>Whether a piece is the one that the torrent names.</summary>
#pragma warning disable CA5350 // BEP 3 says SHA-1.
    internal bool IsGenuine(int index, ReadOnlySpan<byte> piece) => SHA1.HashData(piece).AsSpan().SequenceEqual(Pieces[index]);
#pragma warning restore CA5350
}
