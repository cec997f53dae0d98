namespace Crust.Utp.Packets;

/// <summary>
/// The bits of a selective ack (BEP 29, extension 1): the first bit of the first byte stands for the packet after the next one (acknowledgement number + 2).
/// One extension holds 2,016; among Crust peers more of them follow, each going on where the last one ended.
/// </summary>
internal ref struct SelectiveAck
{
    /// <summary>Most bytes that we write: 63 words of 32 bits, as BEP 29 wants multiples of 4. libtorrent (seen with 2.0.8) sends just as many as it needs.</summary>
    internal const int MaxPartLength = 252;

    /// <summary>Ours: 8,064 packets, in an acknowledgement of about 1,000 bytes.</summary>
    internal const int MaxParts = 4;

    private ReadOnlySpan<byte> _first, _second, _third, _fourth;

    internal int Parts { get; private set; }

    /// <summary>The bits of this part, from 0.</summary>
    internal readonly ReadOnlySpan<byte> this[int part] => part switch { 0 => _first, 1 => _second, 2 => _third, _ => _fourth };

    /// <summary>Takes an extension's content. What would follow a part that is not full, or the last one, is skipped.</summary>
    internal void Add(ReadOnlySpan<byte> content)
    {
        if (content.Length == 0 || Parts == MaxParts || (Parts > 0 && this[Parts - 1].Length != MaxPartLength))
            return;
        switch (Parts++)
        {
            case 0:
                _first = content;
                break;
            case 1:
                _second = content;
                break;
            case 2:
                _third = content;
                break;
            default:
                _fourth = content;
                break;
        }
    }
}
