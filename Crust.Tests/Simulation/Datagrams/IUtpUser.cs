namespace Crust.Tests.Simulation.Datagrams;

/// <summary>Who uses one end of a µTP connection in the simulator.</summary>
internal interface IUtpUser
{
    /// <summary>The connection that it began is open.</summary>
    void Connected();

    /// <summary>There is something to read, or the remote's end.</summary>
    void Readable();

    /// <summary>There is room to write again.</summary>
    void Writable();

    /// <summary>It is over; the connection says why.</summary>
    void Ended();
}
