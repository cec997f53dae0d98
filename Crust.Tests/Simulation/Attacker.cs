namespace Crust.Tests.Simulation;

/// <summary>An end of a link that writes what it was given and hears nothing.</summary>
internal sealed class Attacker : ILinkReader
{
    public void Arrived(ReadOnlySpan<byte> bytes)
    {
    }

    public void RoomAgain()
    {
    }

    public void Ended()
    {
    }
}
