using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;

namespace Crust.Tests.Interop.Utp;

/// <summary>As much of BitTorrent's peer wire protocol (BEP 3) as it takes to fetch or to offer one whole file.</summary>
internal sealed class PeerWire(IDuplexPipe pipe, TorrentFacts torrent)
{
    private const byte Unchoke = 1, Interested = 2, Bitfield = 5, Request = 6, Piece = 7;

    private const int HandshakeLength = 68, BlockLength = 16 * 1024;

    /// <summary>Requests that are under way at once: enough to keep the wire busy.</summary>
    private const int Pipelined = 32;

    private static readonly byte[] Protocol = [19, .. "BitTorrent protocol"u8];

    /// <summary>Sends our handshake and reads the other one, which must be for the same torrent.</summary>
    internal async Task ShakeHandsAsync()
    {
        await pipe.Output.WriteAsync((byte[])[.. Protocol, .. new byte[8], .. torrent.InfoHash, .. Encoding.ASCII.GetBytes("-CR0001-123456789012")]);
        var answer = await ReadAsync(HandshakeLength);
        if (!answer.AsSpan(0, Protocol.Length).SequenceEqual(Protocol) || !answer.AsSpan(28, 20).SequenceEqual(torrent.InfoHash))
            throw new InvalidDataException($"no handshake: {Convert.ToHexString(answer)}");
    }

    /// <summary>Fetches the file from a peer that has it all; each piece is genuine.</summary>
    internal async Task<byte[]> FetchAsync(int length)
    {
        var file = new byte[length];
        await SendAsync(Interested);
        await NextAsync(Unchoke);
        var requested = 0;
        for (var received = 0; received < length;)
        {
            while (requested < length && requested - received < Pipelined * BlockLength)
            {
                await SendAsync(Request, requested / torrent.PieceLength, requested % torrent.PieceLength, Math.Min(BlockLength, length - requested));
                requested += BlockLength;
            }

            var block = await NextAsync(Piece);
            var at = BinaryPrimitives.ReadInt32BigEndian(block) * torrent.PieceLength + BinaryPrimitives.ReadInt32BigEndian(block.AsSpan(4));
            block.AsSpan(8).CopyTo(file.AsSpan(at));
            received += block.Length - 8;
        }

        for (var i = 0; i < torrent.Pieces.Count; i++)
        {
            var start = i * torrent.PieceLength;
            if (!torrent.IsGenuine(i, file.AsSpan(start, Math.Min(torrent.PieceLength, length - start))))
                throw new InvalidDataException($"piece {i} is not what the torrent names");
        }

        return file;
    }

    /// <summary>Offers the file and answers requests until the peer ends the connection.</summary>
    internal async Task OfferAsync(byte[] file)
    {
        var bits = new byte[(torrent.Pieces.Count + 7) / 8];
        for (var i = 0; i < torrent.Pieces.Count; i++)
            bits[i / 8] |= (byte)(0x80 >> i % 8);
        await SendAsync(Bitfield, bits);
        await NextAsync(Interested);
        await SendAsync(Unchoke);
        while (true)
        {
            var request = await NextAsync(Request);
            var (index, begin) = (BinaryPrimitives.ReadInt32BigEndian(request), BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(4)));
            var length = BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(8));
            await SendAsync(Piece, [.. request[..8], .. file.AsSpan(index * torrent.PieceLength + begin, length)]);
        }
    }

    private Task SendAsync(byte kind, params int[] numbers)
    {
        var payload = new byte[numbers.Length * sizeof(int)];
        for (var i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(i * sizeof(int)), numbers[i]);
        return SendAsync(kind, payload);
    }

    private async Task SendAsync(byte kind, byte[] payload)
    {
        var prefix = new byte[sizeof(int) + 1];
        BinaryPrimitives.WriteInt32BigEndian(prefix, payload.Length + 1);
        prefix[sizeof(int)] = kind;
        await pipe.Output.WriteAsync((byte[])[.. prefix, .. payload]);
    }

    /// <summary>The payload of the next message of a kind; others are passed over.</summary>
    private async Task<byte[]> NextAsync(byte kind)
    {
        while (true)
        {
            var message = await ReadAsync(BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(sizeof(int))));
            // One without a kind keeps the connection alive.
            if (message.Length > 0 && message[0] == kind)
                return message[1..];
        }
    }

    private async Task<byte[]> ReadAsync(int length)
    {
        if (length == 0)
            return [];
        var result = await pipe.Input.ReadAtLeastAsync(length);
        if (result.Buffer.Length < length)
            throw new EndOfStreamException($"the peer ended after {result.Buffer.Length} of {length} bytes");
        var bytes = result.Buffer.Slice(0, length).ToArray();
        pipe.Input.AdvanceTo(result.Buffer.GetPosition(length));
        return bytes;
    }
}
