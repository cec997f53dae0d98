using Crust.Session;
using Crust.Session.Frames;

namespace Crust.Tests.Simulation;

/// <summary>Sums of cost: of messages, of what streams carry, and of what opens and ends streams, which no budget holds back.</summary>
internal readonly record struct Costs(long Messages, long StreamData, long StreamControl)
{
    /// <summary>Of all that draws on the credit of streams.</summary>
    internal long Streams => StreamData + StreamControl;

    internal static Costs Of(in EntryShape shape, int length)
    {
        var cost = WireLimits.Cost(length);
        return shape.Kind switch
        {
            EntryKind.Message => new(cost, 0, 0),
            EntryKind.StreamData => new(0, cost, 0),
            _ => new(0, 0, cost),
        };
    }

    public static Costs operator +(Costs left, Costs right) =>
        new(left.Messages + right.Messages, left.StreamData + right.StreamData, left.StreamControl + right.StreamControl);

    public static Costs operator -(Costs left, Costs right) =>
        new(left.Messages - right.Messages, left.StreamData - right.StreamData, left.StreamControl - right.StreamControl);
}
