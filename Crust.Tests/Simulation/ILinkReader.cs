namespace Crust.Tests.Simulation;

/// <summary>Who is at an end of a simulated link.</summary>
internal interface ILinkReader
{
    /// <summary>Bytes arrived, cut anywhere.</summary>
    void Arrived(ReadOnlySpan<byte> bytes);

    /// <summary>There is room to write again, after there was none.</summary>
    void RoomAgain();

    /// <summary>No bytes will come: the other end closed, or the link was reset.</summary>
    void Ended();
}
