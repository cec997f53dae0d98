using Crust.Grains.Abstractions;

namespace Crust.Gateway.Cluster;

/// <summary>The gateway's place in its mailbox: which life of it, and up to which number commands arrived. Pure; one thread at a time.</summary>
internal sealed class Mailbox
{
    /// <summary>The mailbox's epoch; 0 before the first reply.</summary>
    internal ulong Epoch { get; private set; }

    /// <summary>All commands up to this number arrived.</summary>
    internal ulong AckedThrough { get; private set; }

    /// <summary>Takes the epoch of a reply; true when the mailbox began a new life, so that numbers start again.</summary>
    internal bool Enter(ulong epoch)
    {
        if (epoch == Epoch)
            return false;
        (Epoch, AckedThrough) = (epoch, 0);
        return true;
    }

    /// <summary>True when the command is the next one; false for a duplicate, and for one after a gap, which will come again.</summary>
    internal bool Accept(NumberedCommand command)
    {
        if (command.Number != AckedThrough + 1)
            return false;
        AckedThrough = command.Number;
        return true;
    }
}
