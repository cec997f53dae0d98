using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>
/// The ports of an address that are probed one after the other, none twice, in an order that nobody foresees: with 256 of them open, 175 probes meet one in half of all
/// cases, and 2,048 in all but 3 of 10,000. A part of <see cref="PunchMachine"/>. Pure.
/// </summary>
internal sealed class ProbeSpray(Bits128 address, int socket, ulong randomness)
{
    /// <summary>Most probes of a spray. DESIGN's.</summary>
    internal const int MaxProbes = 2048;

    /// <summary>Ports that NATs draw from (RFC 4787 §4.2.2 asks for 1024 and up).</summary>
    private const int FirstPort = 1024, PortCount = 65_536 - FirstPort;

    /// <summary>An odd number that is no multiple of 3 or 7 shares no factor with the 64,512 ports: steps of it come past all.</summary>
    private readonly int _step = StepOf((int)(randomness % (PortCount / 42)));
    private readonly int _offset = (int)((randomness >> 32) % PortCount);

    /// <summary>The socket that probes.</summary>
    internal int Socket => socket;

    internal int Sent { get; private set; }

    internal bool IsExhausted => Sent >= MaxProbes;

    /// <summary>The next port.</summary>
    internal TransportAddress Next() => new(address, (ushort)(FirstPort + (int)((_offset + (long)_step * Sent++) % PortCount)));

    private static int StepOf(int block) => block * 42 + 1;
}
